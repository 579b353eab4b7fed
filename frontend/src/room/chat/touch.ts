// What a viewer does with a line: a tap answers it, a long press or the menu key opens its menu.
// A handful of listeners on the list, none on the lines.

import type { ChatLine } from "../protocol";

const LONG_MS = 500;
const SLIP_PX = 10;
const SHOWN_MS = 1600;

export interface Touched {
  tap(line: ChatLine): void;
  menu(line: ChatLine, row: HTMLElement): void;
  retry(id: string): void;
}

export class Touch {
  private press = 0;
  private from = { x: 0, y: 0 };
  private long = false;

  constructor(
    private readonly list: HTMLElement,
    private readonly lineOf: (row: HTMLElement) => ChatLine | undefined,
    private readonly touched: Touched,
  ) {
    list.addEventListener("click", (event) => this.click(event));
    list.addEventListener("contextmenu", (event) => this.menu(event, event.target as HTMLElement));
    list.addEventListener("keydown", (event) => this.key(event));
    list.addEventListener("pointerdown", (event) => this.down(event));
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
      list.addEventListener(end, () => clearTimeout(this.press));
    }
    list.addEventListener(
      "pointermove",
      ({ clientX, clientY }) => {
        const { x, y } = this.from;
        if (Math.hypot(clientX - x, clientY - y) > SLIP_PX) clearTimeout(this.press);
      },
      { passive: true },
    );
  }

  private rowOf(target: EventTarget | null): HTMLElement | null {
    return (target as HTMLElement | null)?.closest<HTMLElement>(".say") ?? null;
  }

  private click(event: MouseEvent): void {
    const target = event.target as HTMLElement;
    const row = this.rowOf(target);
    if (this.long || !row) {
      this.long = false;
      return;
    }
    const quote = target.closest<HTMLElement>("[data-jump]");
    if (quote) this.jump(quote.dataset.jump!);
    else if (target.closest("[data-retry]")) this.touched.retry(row.dataset.id!);
    else if (getSelection()?.isCollapsed ?? true) this.tap(row);
  }

  private tap(row: HTMLElement): void {
    const line = this.lineOf(row);
    if (line) this.touched.tap(line);
  }

  private menu(event: Event, target: HTMLElement): void {
    const row = this.rowOf(target);
    const line = row && this.lineOf(row);
    if (!row || !line) return;
    event.preventDefault();
    clearTimeout(this.press);
    this.touched.menu(line, row);
  }

  private down(event: PointerEvent): void {
    this.long = false;
    clearTimeout(this.press);
    if (event.pointerType === "mouse") return;
    this.from = { x: event.clientX, y: event.clientY };
    const target = event.target as HTMLElement;
    this.press = window.setTimeout(() => {
      this.long = true;
      this.menu(event, target);
    }, LONG_MS);
  }

  private key(event: KeyboardEvent): void {
    const rows = [...this.list.children] as HTMLElement[];
    const at = rows.indexOf(this.rowOf(document.activeElement) ?? this.list);
    const last = rows.length - 1;
    const from = at < 0 ? rows.length : at;
    const to = { ArrowUp: from - 1, ArrowDown: from + 1, Home: 0, End: last }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      this.focus(rows[Math.min(last, Math.max(0, to))]);
    } else if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) {
      this.menu(event, document.activeElement as HTMLElement);
    } else if (event.key === "Enter" && event.target === rows[at]) {
      event.preventDefault();
      this.tap(rows[at]!);
    }
  }

  private focus(row: HTMLElement | undefined): void {
    if (!row) return;
    row.tabIndex = -1;
    row.focus();
  }

  /** To the quoted line, when it is still in the list. */
  private jump(id: string): void {
    const row = this.list.querySelector<HTMLElement>(`.say[data-id="${CSS.escape(id)}"]`);
    if (!row) return;
    row.scrollIntoView({ block: "center" });
    this.focus(row);
    row.classList.add("is-sought");
    window.setTimeout(() => row.classList.remove("is-sought"), SHOWN_MS);
  }
}
