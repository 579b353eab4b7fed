// A small panel of native emoji; the phone's own keyboard has all the others.

import { say } from "../page";
import { placeAbove } from "./popup";

const SIGNS =
  "😀 😂 🥰 😍 😊 😉 😎 🤩 😭 😮 🤔 😅 🙈 😴 🥳 😋 ❤️ 🔥 👍 👏 🙏 💪 🙌 👌 🎉 ✨ 🌟 💯 🎁 💐 🌹 ☕ 👀 👑 💎 👗 👜 💄 🍎 🐶 😢 😡";
const COLUMNS = 7;

let panel: HTMLElement | null = null;

/** Opens the panel above the button, or closes it. `pick` gets one emoji; the panel stays open. */
export function toggleEmoji(button: HTMLElement, pick: (sign: string) => void): void {
  if (panel?.matches(":popover-open")) return panel.hidePopover();
  panel ??= make(button, pick);
  panel.showPopover();
  placeAbove(panel, button);
  (panel.firstElementChild as HTMLElement).focus();
}

function make(button: HTMLElement, pick: (sign: string) => void): HTMLElement {
  const made = document.createElement("div");
  made.className = "onair-popup emoji";
  // By hand, so that the press on the button that closes it does not open it again at once.
  made.popover = "manual";
  made.setAttribute("role", "group");
  made.setAttribute("aria-label", say("emoji"));
  made.append(
    ...SIGNS.split(" ").map((sign, index) => {
      const key = document.createElement("button");
      key.type = "button";
      key.textContent = sign;
      key.tabIndex = index ? -1 : 0;
      return key;
    }),
  );
  const close = (): void => {
    made.hidePopover();
    button.focus();
  };
  made.addEventListener("click", (event) => {
    const key = (event.target as HTMLElement).closest("button");
    if (!key) return;
    pick(key.textContent!);
    made.hidePopover();
  });
  made.addEventListener("keydown", (event) => {
    const keys = [...made.children] as HTMLElement[];
    const at = keys.indexOf(document.activeElement as HTMLElement);
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key];
    if (step) keys[Math.min(keys.length - 1, Math.max(0, at + step))]?.focus();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  document.addEventListener("pointerdown", (event) => {
    const target = event.target as Node;
    if (!made.contains(target) && !button.contains(target)) made.hidePopover();
  });
  // "toggle" comes a task later and would still say "open" to who closes and opens at once.
  made.addEventListener("beforetoggle", (event) =>
    button.setAttribute("aria-expanded", String((event as ToggleEvent).newState === "open")),
  );
  button.insertAdjacentElement("afterend", made);
  return made;
}
