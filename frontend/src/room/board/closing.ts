// What hangs in the room can be put aside by whoever watches, for themselves.

import { part } from "../page";

/** Hides the card at its button `name`; who came there by keyboard goes on in the chat. */
export function closable(card: HTMLElement, root: HTMLElement, name: string, closed: () => void): void {
  part(card, name).addEventListener("click", ({ detail }) => {
    closed();
    card.hidden = true;
    // A click without a count is a key.
    if (detail === 0) part(root, "chat-list").focus({ preventScroll: true });
  });
}
