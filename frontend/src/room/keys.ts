// The room by keyboard: one letter each, never while somebody writes, and they can be switched off.

import { part, stamp } from "./page";

const OFF = "keys-off";
/** Where a letter is somebody's text, or the keyboard is at work on something laid over the room. */
const ELSEWHERE = "input, textarea, select, [contenteditable], dialog, [popover]";

/** `keys` maps a key to what it does; "?" shows the list of them. */
export function shortcuts(root: HTMLElement, keys: Record<string, () => void>): void {
  const help = (): void => showHelp(root);
  part(root, "keys").addEventListener("click", help);
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    // What was just closed keeps the focus until the next frame; only what is still shown takes keys.
    if ((target as Element).closest?.(ELSEWHERE)?.checkVisibility()) return;
    if (document.querySelector("dialog:modal")) return;
    const act = key === "?" ? help : keys[key.toLowerCase()];
    if (!act || (key !== "?" && localStorage.getItem(OFF))) return;
    event.preventDefault();
    act();
  });
}

function showHelp(root: HTMLElement): void {
  const dialog = stamp<HTMLDialogElement>("t-keys");
  const use = part<HTMLInputElement>(dialog, "use-keys");
  use.checked = !localStorage.getItem(OFF);
  use.addEventListener("change", () => {
    if (use.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "yes");
  });
  dialog.addEventListener("click", (event) => {
    const target = event.target as HTMLElement;
    if (target === dialog || target.closest("[data-close]")) dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  root.append(dialog);
  dialog.showModal();
}
