// The line on top of the chat.

import { fill, part } from "../../room/page";
import type { Desk, Tool } from "./tool";

const LINES = 25;
const TEXT = 60;

export class NoticeTool implements Tool {
  private readonly lines: HTMLSelectElement;
  private readonly idle: string;

  constructor(private readonly desk: Desk) {
    this.lines = part<HTMLSelectElement>(desk.root, "notice-lines");
    this.idle = desk.root.querySelector('[data-slot="notice_now"]')?.textContent ?? "";
    // The choice is made anew when somebody looks, not while they choose.
    part(desk.root, "tool-notice").addEventListener("toggle", () => this.list());
    this.lines.addEventListener("pointerdown", () => this.list());
  }

  draw(): void {
    const notice = this.desk.state().board.notice as
      | { text: string; by: string; until: number | null }
      | undefined;
    const shown = notice && !(notice.until && notice.until < this.desk.now()) ? notice : null;
    const tool = part(this.desk.root, "tool-notice");
    tool.toggleAttribute("data-on", shown !== null);
    fill(tool, {
      notice_now: shown ? shown.text : this.idle,
      notice_text: shown ? `${shown.by}: ${shown.text}` : "",
    });
    part(tool, "notice-down").hidden = !shown;
  }

  tick(): void {
    const notice = this.desk.state().board.notice as { until: number | null } | undefined;
    if (notice?.until && Math.abs(notice.until - this.desk.now()) < 1500) this.draw();
  }

  private list(): void {
    const kept = this.lines.value;
    const last = this.desk.state().chat.slice(-LINES).reverse();
    this.lines.replaceChildren(
      ...last.map(({ id, user, text }) => {
        const short = text.length > TEXT ? `${text.slice(0, TEXT)}…` : text;
        return new Option(`${user.name}: ${short}`, id, false, id === kept);
      }),
    );
    this.lines.disabled = last.length === 0;
  }
}
