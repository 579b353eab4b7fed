// The last thing done can be taken back for a while.

import { fill, part } from "../room/page";

const OFFERED_MS = 10_000;

export class Undo {
  private readonly box: HTMLElement;
  private back: (() => Promise<unknown>) | null = null;
  private timer = 0;

  constructor(root: HTMLElement) {
    this.box = part(root, "undo");
    part(root, "undo-button").addEventListener("click", () => this.take());
  }

  offer(done: string, back: () => Promise<unknown>): void {
    this.back = back;
    fill(this.box, { done });
    this.box.hidden = false;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.close(), OFFERED_MS);
  }

  /** Returns whether there was something to take back. */
  take(): boolean {
    const back = this.back;
    this.close();
    void back?.();
    return back !== null;
  }

  private close(): void {
    clearTimeout(this.timer);
    this.back = null;
    this.box.hidden = true;
  }
}
