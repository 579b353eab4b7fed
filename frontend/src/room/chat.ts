// The chat list: drawn once per 250 ms however busy the room is, and read aloud at a human pace.

import { fill, part, say, stamp } from "./page";
import type { ChatLine } from "./protocol";
import { CHAT_KEPT } from "./store";

const DRAW_MS = 250;
const SPEAK_MS = 4000;

export class Chat {
  private waiting: HTMLElement[] = [];
  private timer = 0;
  private unread = 0;
  private speakTimer = 0;
  private toSay: string[] = [];
  private readonly list: HTMLElement;
  private readonly more: HTMLElement;
  private readonly voice: HTMLElement;
  private readonly hush: HTMLElement;

  constructor(root: HTMLElement, private readonly me: number | null) {
    this.list = part(root, "chat-list");
    this.more = part(root, "chat-more");
    this.voice = part(root, "chat-voice");
    this.hush = part(root, "chat-hush");
    this.more.addEventListener("click", () => this.toEnd());
    this.list.addEventListener("scroll", () => this.atEnd() && this.caughtUp(), { passive: true });
    this.hush.addEventListener("click", () => {
      const quiet = this.hush.getAttribute("aria-pressed") !== "true";
      this.hush.setAttribute("aria-pressed", String(quiet));
      if (quiet) this.toSay = [];
    });
    this.toEnd();
  }

  /** Replaces everything: after a reset the server's history is the truth. */
  reset(lines: ChatLine[]): void {
    this.waiting = [];
    this.list.replaceChildren(...lines.map((line) => this.row(line)));
    this.toEnd();
  }

  add(line: ChatLine): void {
    const own = this.list.querySelector(`[data-id="${CSS.escape(line.id)}"]`);
    if (own) {
      own.classList.remove("is-pending");
      return;
    }
    this.put(this.row(line));
    if (line.user.id !== this.me) this.speak(`${line.user.name}: ${line.text}`);
  }

  /** A passing remark of the house, such as who came in. */
  remark(text: string): void {
    const row = stamp("t-remark");
    fill(row, { text });
    this.put(row);
  }

  /** The viewer's own line at once; `add` confirms it when it comes back. */
  addOwn(line: ChatLine): HTMLElement {
    const row = this.row(line);
    row.classList.add("is-pending");
    this.list.append(row);
    this.toEnd();
    return row;
  }

  failed(id: string): void {
    this.list.querySelector(`[data-id="${CSS.escape(id)}"]`)?.classList.add("is-failed");
  }

  private row(line: ChatLine): HTMLElement {
    const row = stamp("t-chat");
    row.dataset.id = line.id;
    row.dataset.role = line.user.role;
    if (line.user.id === this.me) row.classList.add("is-own");
    row.dataset.tint = String(line.user.id % 8);
    fill(row, { name: line.user.name, text: line.text });
    const badge = row.querySelector<HTMLElement>("[data-slot=badge]");
    if (badge) badge.hidden = line.user.role !== "anchor";
    return row;
  }

  private put(row: HTMLElement): void {
    this.waiting.push(row);
    if (this.waiting.length > CHAT_KEPT) this.waiting.shift();
    this.timer ||= window.setTimeout(() => this.draw(), DRAW_MS);
  }

  private draw(): void {
    this.timer = 0;
    const stay = !this.atEnd();
    const added = this.waiting.length;
    this.list.append(...this.waiting);
    this.waiting = [];
    for (let extra = this.list.childElementCount - CHAT_KEPT; extra > 0; extra -= 1) {
      this.list.firstElementChild!.remove();
    }
    if (stay) {
      this.unread += added;
      fill(this.more, { count: say("new_messages", { n: this.unread }) });
      this.more.hidden = false;
    } else {
      this.toEnd();
    }
  }

  private atEnd(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.list;
    return scrollHeight - scrollTop - clientHeight < 48;
  }

  private toEnd(): void {
    this.list.scrollTop = this.list.scrollHeight;
    this.caughtUp();
  }

  private caughtUp(): void {
    this.unread = 0;
    this.more.hidden = true;
  }

  private speak(sentence: string): void {
    if (this.hush.getAttribute("aria-pressed") === "true") return;
    this.toSay.push(sentence);
    this.speakTimer ||= window.setTimeout(() => {
      this.speakTimer = 0;
      const latest = this.toSay.slice(-2);
      const skipped = this.toSay.length - latest.length;
      this.toSay = [];
      if (skipped > 0) latest.unshift(say("skipped", { n: skipped }));
      this.voice.textContent = latest.join(". ");
    }, SPEAK_MS);
  }
}
