// Sharing by the device's own sheet, where it has one; copying and the QR code need no script of ours.

export function nativeShare(root: ParentNode): void {
  const button = root.querySelector<HTMLElement>("[data-native-share]");
  const link = document.getElementById("share-link") as HTMLInputElement | null;
  if (!button || !link || !navigator.share) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    // Rejected when the reader changes their mind: nothing to say then.
    navigator.share({ title: button.dataset.nativeShare, url: link.value }).catch(() => undefined);
  });
}
