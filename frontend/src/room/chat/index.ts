// The chat list: drawn once per 250 ms however busy the room is, and read aloud at a human pace.

import { fill, part, say, stamp } from "../page";
import type { ChatLine } from "../protocol";
import { CHAT_KEPT, type Recalled } from "../store";
import { Touch, type Touched } from "./touch";
import { addresses, blank, drawRow, hold, refuse, settle } from "./row";

const DRAW_MS = 250;
const NEAR_END = 48;
const SPEAK_MS = 4000;
const SPOKEN = 2;

export interface ChatOptions extends Touched {
  /** The lines that the page was rendered with. */
  lines: ChatLine[];
}

export class Chat {
  private waiting: HTMLElement[] = [];
  private timer = 0;
  private unread = 0;
  private following = true;
  private moving = false;
  private speakTimer = 0;
  private toSay: string[] = [];
  private addressed: string[] = [];
  private readonly lines = new WeakMap<HTMLElement, ChatLine>();
  private readonly list: HTMLElement;
  private readonly more: HTMLElement;
  private readonly voice: HTMLElement;
  private readonly hush: HTMLElement;

  /** `me` is the viewer's id, null for a guest. Without `options` lines are only read. */
  constructor(root: HTMLElement, private readonly me: number | null, private readonly options?: ChatOptions) {
    this.list = part(root, "chat-list");
    this.more = part(root, "chat-more");
    this.voice = part(root, "chat-voice");
    this.hush = part(root, "chat-hush");
    this.more.addEventListener("click", () => this.toEnd());
    this.list.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.hush.addEventListener("click", () => {
      const quiet = this.hush.getAttribute("aria-pressed") !== "true";
      this.hush.setAttribute("aria-pressed", String(quiet));
      if (quiet) this.toSay = this.addressed = [];
    });
    if (options) {
      new Touch(this.list, (row) => this.lines.get(row), options);
      this.reset(options.lines);
    } else {
      this.toEnd();
    }
  }

  /** Replaces everything: the server's history is the truth. Own lines that it lacks wait on. */
  reset(lines: ChatLine[]): void {
    this.waiting = [];
    const told = new Set(lines.map(({ id }) => id));
    const own = [...this.list.querySelectorAll<HTMLElement>(".is-pending, .is-failed")];
    this.list.replaceChildren(
      ...lines.map((line) => this.row(line)),
      ...own.filter((row) => !told.has(row.dataset.id!)),
    );
    this.toEnd();
  }

  add(line: ChatLine): void {
    const own = this.find(line.id);
    // The echo knows more than the page did: level, role, who is mentioned.
    if (own) return own.replaceWith(this.row(line));
    this.put(this.row(line));
    this.voiced(line);
  }

  /** What was said meanwhile; an own line among it goes to where others heard it. */
  recall(lines: Recalled[]): void {
    for (const { line, before } of lines) {
      this.find(line.id)?.remove();
      this.put(this.row(line), before);
      this.voiced(line);
    }
  }

  private voiced(line: ChatLine): void {
    if (line.user.id === this.me) return;
    const sentence = `${line.user.name}: ${line.text}`;
    if (addresses(line, this.me)) this.speak(this.addressed, say("mentioned", { text: sentence }));
    else this.speak(this.toSay, sentence);
  }

  /** A passing remark of the house, such as who came in. */
  remark(text: string): void {
    const row = stamp("t-remark");
    fill(row, { text });
    this.put(row);
  }

  /** The viewer's own line at once; `add` confirms it when it comes back. */
  addOwn(line: ChatLine): void {
    const row = this.row(line);
    row.classList.add("is-pending");
    this.draw();
    this.list.append(row);
    this.toEnd();
  }

  /** Says at an own line why it was not taken; its text stays, with a button to try again. */
  failed(id: string, why: string): void {
    const row = this.find(id);
    if (!row) return;
    refuse(row, why, this.options !== undefined);
    if (this.following) this.toEnd();
  }

  held(id: string, why: string): void {
    const row = this.find(id);
    if (!row) return;
    hold(row, why);
    if (this.following) this.toEnd();
  }

  /** Sent again. */
  pending(id: string): void {
    const row = this.find(id);
    if (!row) return;
    settle(row);
    row.classList.add("is-pending");
  }

  /** Lines by id, or all of one person: what they said is gone, also where others quote it. */
  remove({ ids, user }: { ids?: string[]; user?: number }): void {
    const gone = (row: HTMLElement): boolean =>
      (ids?.includes(row.dataset.id ?? "") ?? false) ||
      (user !== undefined && row.dataset.user === String(user));
    const names = new Set(ids);
    const rows = [...this.waiting, ...this.list.children] as HTMLElement[];
    for (const row of rows.filter(gone)) {
      names.add(row.dataset.id!);
      blank(row);
      this.lines.delete(row);
    }
    for (const row of rows) {
      const quote = row.querySelector<HTMLElement>("[data-jump]");
      if (!quote || !names.has(quote.dataset.jump!)) continue;
      quote.textContent = say("removed");
      quote.removeAttribute("aria-label");
    }
  }

  private find(id: string): HTMLElement | null {
    return this.list.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`);
  }

  private row(line: ChatLine): HTMLElement {
    const row = drawRow(line, this.me);
    this.lines.set(row, line);
    return row;
  }

  /** At the end with the next drawing, or before the line of that id. */
  private put(row: HTMLElement, before?: string): void {
    const shown = before && this.find(before);
    if (shown) return shown.before(row);
    const place = this.waiting.findIndex(({ dataset }) => before && dataset.id === before);
    this.waiting.splice(place < 0 ? this.waiting.length : place, 0, row);
    if (this.waiting.length > CHAT_KEPT) this.waiting.shift();
    this.timer ||= window.setTimeout(() => this.draw(), DRAW_MS);
  }

  private draw(): void {
    clearTimeout(this.timer);
    this.timer = 0;
    const added = this.waiting.length;
    if (!added) return;
    this.list.append(...this.waiting);
    this.waiting = [];
    for (let extra = this.list.childElementCount - CHAT_KEPT; extra > 0; extra -= 1) {
      const oldest = this.list.firstElementChild!;
      // The keyboard must not lose its place when the line under it goes.
      if (oldest.contains(document.activeElement)) this.list.focus();
      oldest.remove();
    }
    if (this.following) return this.toEnd();
    this.unread += added;
    fill(this.more, { count: say("new_messages", { n: this.unread }) });
    this.more.hidden = false;
  }

  /** Where the reader went; asked only then, because the answer costs a layout. */
  private scrolled(): void {
    if (this.moving) return;
    const { scrollHeight, scrollTop, clientHeight } = this.list;
    this.following = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (this.following) this.caughtUp();
  }

  private toEnd(): void {
    this.moving = true;
    this.list.scrollTop = this.list.scrollHeight;
    // Our own scrolling is told before the next frame's callbacks.
    requestAnimationFrame(() => (this.moving = false));
    this.following = true;
    this.caughtUp();
  }

  private caughtUp(): void {
    this.unread = 0;
    this.more.hidden = true;
  }

  /** What is said to the viewer is always read; of the rest only the latest. */
  private speak(queue: string[], sentence: string): void {
    if (this.hush.getAttribute("aria-pressed") === "true") return;
    queue.push(sentence);
    this.speakTimer ||= window.setTimeout(() => {
      this.speakTimer = 0;
      const latest = this.toSay.slice(-SPOKEN);
      const skipped = this.toSay.length - latest.length;
      if (skipped > 0) latest.unshift(say("skipped", { n: skipped }));
      this.voice.textContent = [...this.addressed.slice(-SPOKEN), ...latest].join(". ");
      this.toSay = [];
      this.addressed = [];
    }, SPEAK_MS);
  }
}
