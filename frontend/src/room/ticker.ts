// “Ann bought 2 × teapot”: one line at a time, calm enough to read, never a backlog.

import { fill, play } from "./page";

const SHOWN_MS = 2600;
const KEPT = 3;

export class Ticker {
  private waiting: string[] = [];
  private timer = 0;

  constructor(private readonly line: HTMLElement) {}

  show(text: string): void {
    this.waiting.push(text);
    if (this.waiting.length > KEPT) this.waiting.shift();
    if (!this.timer) this.next();
  }

  private next(): void {
    const text = this.waiting.shift();
    this.line.hidden = text === undefined;
    this.timer = 0;
    if (text === undefined) return;
    fill(this.line, { text });
    play(this.line);
    this.timer = window.setTimeout(() => this.next(), SHOWN_MS);
  }
}
