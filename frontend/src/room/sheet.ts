// Sheets are native dialogs; what is added is the tap beside them and the pull that closes them.

const FAR = 90;

export function openSheet(sheet: HTMLDialogElement): void {
  if (!sheet.open) sheet.showModal();
}

/** A sheet tells the room how high it stands (`--sheet`), so that the picture keeps to what is free. */
function measure(sheet: HTMLDialogElement): void {
  const room = sheet.closest<HTMLElement>("live-room");
  if (!room) return;
  new ResizeObserver(() => {
    if (sheet.open) room.style.setProperty("--sheet", `${sheet.offsetHeight}px`);
  }).observe(sheet);
}

export function furnish(sheet: HTMLDialogElement): void {
  measure(sheet);
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
