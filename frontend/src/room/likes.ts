// Likes: every tap is seen at once, sums travel every 1.5 s, and hearts never pile up.

import { calm, compact, fill, play } from "./page";
import type { Outgoing } from "./protocol";

const SEND_MS = 1500;
const MOST_HEARTS = 14;

export class Likes {
  private total = 0;
  private unsent = 0;
  private echo = 0;
  private timer = 0;
  private due = 0;

  constructor(
    private readonly button: HTMLElement,
    private readonly sky: HTMLElement,
    private readonly send: (message: Outgoing) => boolean,
  ) {
    button.addEventListener("click", () => this.like());
  }

  /** The room's sum and what was just added; our own share of it has been seen already. */
  show(total: number, added = 0): void {
    this.total = Math.max(this.total, total);
    this.count();
    const others = Math.max(0, added - this.echo);
    this.echo = Math.max(0, this.echo - added);
    // A storm of likes is as many hearts as fit the sky, not a queue of timers.
    for (let i = 0; i < Math.min(5, others) && this.due < MOST_HEARTS; i += 1) {
      this.due += 1;
      window.setTimeout(() => {
        this.due -= 1;
        this.heart();
      }, i * 160);
    }
  }

  like(): void {
    this.unsent += 1;
    this.count();
    play(this.button, "is-beating");
    this.heart();
    this.timer ||= window.setTimeout(() => this.flush(), SEND_MS);
  }

  private count(): void {
    const sum = this.total + this.unsent;
    fill(this.button, { likes: sum > 0 ? compact(sum) : "" });
  }

  private flush(): void {
    this.timer = 0;
    if (!this.unsent) return;
    if (this.send({ t: "like", n: this.unsent })) {
      this.total += this.unsent;
      this.echo += this.unsent;
      this.unsent = 0;
    } else {
      this.timer = window.setTimeout(() => this.flush(), SEND_MS);
    }
  }

  private heart(): void {
    if (calm.matches || document.hidden || this.sky.childElementCount >= MOST_HEARTS) return;
    const heart = document.createElement("i");
    heart.className = "heart";
    heart.dataset.tint = String(Math.floor(Math.random() * 4));
    heart.style.setProperty("--drift", `${Math.round(Math.random() * 56 - 34)}px`);
    heart.style.setProperty("--size", `${18 + Math.round(Math.random() * 14)}px`);
    heart.addEventListener("animationend", () => heart.remove());
    this.sky.append(heart);
  }
}
