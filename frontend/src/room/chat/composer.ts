// The field that people write in: answers, mentions, emoji, and lines that wait for their echo.

import { fill, part, say } from "../page";
import type { Answer, ChatLine, Outgoing, Role } from "../protocol";
import type { Chat } from ".";
import type { Mentions } from "./mentions";

/** An echo that has not come after so long will not come by itself. */
const ECHO_MS = 8000;
const QUOTED = 80;
const clockTime = new Intl.DateTimeFormat(document.documentElement.lang || "en", {
  dateStyle: "short",
  timeStyle: "short",
});

interface Around {
  me: number;
  name: string;
  chat: Chat;
  role(): Role;
  now(): number;
  send(message: Outgoing): boolean;
  toast(text: string): void;
  /** The latest lines, oldest first. */
  lines(): ChatLine[];
}

export class Composer {
  private answering: ChatLine | null = null;
  private readonly unheard = new Map<string, { message: Outgoing; timer: number }>();
  private readonly field: HTMLInputElement;
  private readonly note: HTMLElement;
  private mentions: Promise<Mentions> | null = null;

  constructor(private readonly form: HTMLFormElement, private readonly around: Around) {
    this.field = part<HTMLInputElement>(form, "message");
    this.note = part(form, "reply");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    part(form, "reply-off").addEventListener("click", () => {
      this.answer(null);
      this.field.focus();
    });
    this.field.addEventListener("input", () => this.complete());
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.answering && !event.defaultPrevented) this.answer(null);
    });
    const emoji = part(form, "emoji");
    emoji.addEventListener("click", () => {
      void import("./emoji").then(({ toggleEmoji }) =>
        toggleEmoji(emoji, (sign) => this.insert(sign)),
      );
    });
  }

  /** Begins an answer to the line; null goes back to plain talk. */
  answer(line: ChatLine | null): void {
    this.answering = line;
    this.note.hidden = line === null;
    if (!line) return;
    fill(this.note, {
      reply: say("replying", { name: line.user.name, text: line.text.slice(0, QUOTED) }),
    });
    this.field.focus();
  }

  mention(name: string): void {
    this.insert(`@${name} `);
  }

  /** The line came back from the server. */
  heard(id: string): void {
    const waiting = this.unheard.get(id);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.unheard.delete(id);
  }

  /** The server's refusal of a line, in its own words. */
  refused(nonce: string, why: string): void {
    const id = `${this.around.me}.${nonce}`;
    const waiting = this.unheard.get(id);
    if (waiting) clearTimeout(waiting.timer);
    this.around.chat.failed(id, why);
  }

  /** A moderator looks at the line first. */
  held(id: string, why: string): void {
    this.heard(id);
    this.around.chat.held(id, why);
  }

  /** A mute, or its end: said where one would write. */
  sanctioned({ until, reason, lifted, appeal }: Extract<Answer, { t: "sanction" }>): void {
    const note = part(this.form, "sanction");
    note.hidden = lifted;
    if (lifted) return this.around.toast(say("unmuted"));
    const time = until === null ? null : new Date(until);
    const text = time ? say("muted_until", { time: clockTime.format(time) }) : say("muted");
    fill(note, { sanction: reason ? `${text} ${reason}` : text });
    part<HTMLAnchorElement>(note, "appeal").href = appeal;
  }

  retry(id: string): void {
    const waiting = this.unheard.get(id);
    if (!waiting) return;
    if (!this.around.send(waiting.message)) return this.around.toast(say("offline_chat"));
    this.around.chat.pending(id);
    this.await(id, waiting.message);
  }

  private submit(): void {
    const text = this.field.value.trim();
    if (!text) return;
    const { me, name, chat, role, now, send, toast } = this.around;
    const nonce = crypto.randomUUID().replaceAll("-", "");
    const to = this.answering;
    const message: Outgoing = { t: "chat", id: nonce, text, ...(to ? { reply_to: to.id } : {}) };
    if (!send(message)) return toast(say("offline_chat"));
    const id = `${me}.${nonce}`;
    const reply = to ? { id: to.id, name: to.user.name, text: to.text.slice(0, QUOTED) } : undefined;
    chat.addOwn({ id, user: { id: me, name, role: role() }, text, at: now(), ...(reply ? { reply } : {}) });
    this.await(id, message);
    this.field.value = "";
    this.answer(null);
  }

  private await(id: string, message: Outgoing): void {
    clearTimeout(this.unheard.get(id)?.timer);
    const timer = window.setTimeout(
      () => this.around.chat.failed(id, say("not_sent")),
      ECHO_MS,
    );
    this.unheard.set(id, { message, timer });
  }

  private insert(text: string): void {
    const { field } = this;
    const from = field.selectionStart ?? field.value.length;
    const to = field.selectionEnd ?? from;
    if (field.value.length - (to - from) + text.length > field.maxLength) return;
    field.setRangeText(text, from, to, "end");
    field.focus();
  }

  private complete(): void {
    if (!this.mentions && !this.field.value.includes("@")) return;
    this.mentions ??= import("./mentions").then(
      ({ Mentions }) => new Mentions(this.field, part(this.form, "mentions"), () => this.speakers()),
    );
    void this.mentions.then((mentions) => mentions.look());
  }

  /** Who spoke lately, the latest first, each once and not oneself. */
  private speakers(): string[] {
    const names = new Set<string>();
    for (const { user } of this.around.lines().toReversed()) {
      if (user.id !== this.around.me && user.role !== "system") names.add(user.name);
    }
    return [...names];
  }
}
