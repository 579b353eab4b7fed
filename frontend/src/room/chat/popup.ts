// Places a popover beside what it belongs to, inside the screen.

const GAP = 6;

export function placeAbove(popup: HTMLElement, near: Element): void {
  const box = near.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popup;
  const above = box.top - height - GAP;
  const top = above >= GAP ? above : Math.min(box.bottom + GAP, innerHeight - height - GAP);
  const left = Math.min(Math.max(GAP, box.left), innerWidth - width - GAP);
  popup.style.setProperty("left", `${Math.max(GAP, left)}px`);
  popup.style.setProperty("top", `${Math.max(GAP, top)}px`);
}
