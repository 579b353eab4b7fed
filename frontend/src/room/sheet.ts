// Sheets are native dialogs; what is added is the tap beside them and the pull that closes them.

const FAR = 90;

export function openSheet(sheet: HTMLDialogElement): void {
  if (!sheet.open) sheet.showModal();
}

export function furnish(sheet: HTMLDialogElement): void {
  sheet.addEventListener("click", (event) => {
    const target = event.target as HTMLElement;
    if (target === sheet || target.closest("[data-close]")) sheet.close();
  });
  const handle = sheet.querySelector<HTMLElement>("[data-handle]");
  let from: number | null = null;
  handle?.addEventListener("pointerdown", (event) => {
    from = event.clientY;
    handle.setPointerCapture(event.pointerId);
  });
  handle?.addEventListener("pointermove", (event) => {
    if (from === null) return;
    sheet.style.setProperty("--pull", `${Math.max(0, event.clientY - from)}px`);
  });
  const drop = (event: PointerEvent): void => {
    if (from === null) return;
    if (event.clientY - from > FAR) sheet.close();
    from = null;
    sheet.style.removeProperty("--pull");
  };
  handle?.addEventListener("pointerup", drop);
  handle?.addEventListener("pointercancel", drop);
}
