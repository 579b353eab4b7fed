/**
 * Native dialogs by attributes: `data-open="id"` opens, `data-close` closes its own dialog, a tap on the
 * backdrop closes a dialog that says `data-light`.
 */
export function watchDialogs(): void {
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    const opener = target.closest<HTMLElement>("[data-open]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.open ?? "");
      if (dialog instanceof HTMLDialogElement && !dialog.open) {
        event.preventDefault();
        dialog.showModal();
      }
      return;
    }
    if (target.closest("[data-close]")) {
      target.closest("dialog")?.close();
      return;
    }
    if (target instanceof HTMLDialogElement && target.hasAttribute("data-light")) {
      const box = target.getBoundingClientRect();
      const inside =
        event.clientX >= box.left && event.clientX <= box.right &&
        event.clientY >= box.top && event.clientY <= box.bottom;
      if (!inside) target.close();
    }
  });
}

/** Ask a question in the house's own dialog; resolves to true for yes. */
export function confirmed(question: string): Promise<boolean> {
  const dialog = document.getElementById("confirm");
  const words = document.getElementById("confirm-question");
  if (!(dialog instanceof HTMLDialogElement) || !words) return Promise.resolve(window.confirm(question));
  words.textContent = question;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
