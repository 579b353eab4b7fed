// One line of chat as elements: as few as its content needs, because a busy room has many.

import { fill, say, stamp } from "../page";
import type { ChatLine } from "../protocol";

const BADGES = new Set(["anchor", "assistant", "moderator"]);

/** Whether the line speaks to this viewer. */
export function addresses(line: ChatLine, me: number | null): boolean {
  return me !== null && line.user.id !== me && (line.mentions?.includes(me) ?? false);
}

export function drawRow(line: ChatLine, me: number | null): HTMLElement {
  const row = stamp("t-chat");
  const { id, name, role, level } = line.user;
  row.dataset.id = line.id;
  row.dataset.user = String(id);
  row.dataset.role = role;
  row.dataset.tint = String(id % 8);
  if (id === me) row.classList.add("is-own");
  if (addresses(line, me)) row.classList.add("is-mention");
  fill(row, { name, text: line.text });
  const badges: HTMLElement[] = [];
  if (BADGES.has(role)) badges.push(element("b", "say-badge", say(`role_${role}`)));
  if (level) {
    const badge = element("span", "say-level", say("level", { n: level }));
    badge.setAttribute("role", "img");
    badge.setAttribute("aria-label", say("level_long", { n: level }));
    badge.dataset.tier = String(Math.min(3, Math.floor(level / 10)));
    badges.push(badge);
  }
  row.prepend(...badges);
  if (line.reply) row.prepend(quote(line.reply));
  return row;
}

/** What a moderator took away leaves a trace, and no text. */
export function blank(row: HTMLElement): void {
  row.classList.remove("is-mention", "is-pending", "is-failed");
  row.classList.add("is-removed");
  row.replaceChildren(element("span", "say-text", say("removed")));
}

/** Why an own line was not taken, and the way to try again where there is one. */
export function refuse(row: HTMLElement, why: string, repeatable: boolean): void {
  row.classList.remove("is-pending");
  row.classList.add("is-failed");
  row.querySelector(".say-why")?.remove();
  const note = element("span", "say-why", why);
  row.append(note);
  if (!repeatable) return;
  const again = element("button", "say-again", say("retry")) as HTMLButtonElement;
  again.dataset.retry = "";
  again.type = "button";
  note.append(" ", again);
}

/** The line waits for a moderator; so it is said, and only its author sees it. */
export function hold(row: HTMLElement, why: string): void {
  settle(row);
  row.classList.add("is-pending");
  row.append(element("span", "say-why", why));
}

export function settle(row: HTMLElement): void {
  row.classList.remove("is-pending", "is-failed");
  row.querySelector(".say-why")?.remove();
}

function quote({ id, name, text }: NonNullable<ChatLine["reply"]>): HTMLElement {
  const button = element("button", "say-quote", `${name}: ${text}`) as HTMLButtonElement;
  button.type = "button";
  button.dataset.jump = id;
  button.setAttribute("aria-label", say("in_reply", { name, text }));
  return button;
}

function element(kind: string, className: string, text: string): HTMLElement {
  const made = document.createElement(kind);
  made.className = className;
  made.textContent = text;
  return made;
}
