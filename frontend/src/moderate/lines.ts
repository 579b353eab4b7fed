// The live chat with three buttons a line; the newest at the end, kept in sight until one scrolls up.

import { fill, part, stamp } from "../room/page";
import type { ChatLine } from "../room/protocol";

const KEPT = 200;
const NEAR_END = 80;
const KEYS: Record<string, string> = { d: "remove", m: "mute", b: "ban" };

export class Lines {
  private readonly list: HTMLElement;
  private readonly known = new Map<HTMLElement, ChatLine>();
  private chosen: HTMLElement | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly act: (act: string, line: ChatLine) => Promise<void>,
  ) {
    this.list = part(root, "lines");
    this.list.addEventListener("click", (event) => {
      const button = (event.target as HTMLElement).closest<HTMLElement>("[data-act]");
      const row = button?.closest<HTMLElement>(".mod-line");
      if (button && row) this.run(button.dataset.act!, row);
    });
  }

  reset(lines: ChatLine[]): void {
    this.list.replaceChildren();
    this.known.clear();
    this.choose(null);
    for (const line of lines) this.add(line);
    this.list.scrollTop = this.list.scrollHeight;
    this.empty();
  }

  /** At the end, or before the line of that id. */
  add(line: ChatLine, before?: string): void {
    for (const [row, said] of this.known) if (said.id === line.id) this.drop(row);
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    const atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
    const row = stamp("t-line");
    row.dataset.id = line.id;
    row.toggleAttribute("data-crew", line.user.role !== "viewer");
    fill(row, { name: line.user.name, text: line.text });
    this.known.set(row, line);
    const next = before && this.list.querySelector(`[data-id="${CSS.escape(before)}"]`);
    if (next) next.before(row);
    else this.list.append(row);
    while (this.list.childElementCount > KEPT) this.drop(this.list.firstElementChild as HTMLElement);
    if (atEnd) this.list.scrollTop = this.list.scrollHeight;
    this.empty();
  }

  remove(ids: string[], user?: number): void {
    for (const [row, line] of this.known) {
      if (ids.includes(line.id) || line.user.id === user) this.drop(row);
    }
    this.empty();
  }

  /** Arrows choose a line, letters act on it. Returns whether the key was one of ours. */
  key(key: string): boolean {
    if (key === "ArrowUp" || key === "ArrowDown") {
      const next =
        key === "ArrowUp"
          ? (this.chosen ?? null)?.previousElementSibling ?? (this.chosen ? null : this.list.lastElementChild)
          : this.chosen?.nextElementSibling;
      if (next) this.choose(next as HTMLElement);
      return true;
    }
    const act = KEYS[key.toLowerCase()];
    if (!act || !this.chosen || this.chosen.hasAttribute("data-crew")) return false;
    this.run(act, this.chosen);
    return true;
  }

  private run(act: string, row: HTMLElement): void {
    const line = this.known.get(row);
    if (!line) return;
    const buttons = row.querySelectorAll("button");
    for (const button of buttons) button.disabled = true;
    void this.act(act, line).finally(() => {
      for (const button of buttons) button.disabled = false;
    });
  }

  private choose(row: HTMLElement | null): void {
    this.chosen?.removeAttribute("aria-current");
    this.chosen = row;
    row?.setAttribute("aria-current", "true");
    row?.scrollIntoView({ block: "nearest" });
  }

  private drop(row: HTMLElement): void {
    if (row === this.chosen) {
      this.choose((row.nextElementSibling ?? row.previousElementSibling) as HTMLElement | null);
    }
    this.known.delete(row);
    row.remove();
  }

  private empty(): void {
    part(this.root, "lines-empty").hidden = this.list.childElementCount > 0;
  }
}
