// The anchor's shelf: pin with one tap, sort by dragging or by buttons, see what is left and sold.

import { fill, part, request, say, stamp } from "../room/page";
import type { Item, Snapshot } from "../room/protocol";
import { drawPicture } from "../room/shelf";
import { leftOf } from "../room/store";
import { confirmed } from "../shared/dialogs";
import { toast } from "../shared/toast";

const FEW = 5;

interface Urls {
  pin: string;
  sort: string;
  remove: string;
}

export class Goods {
  private readonly list: HTMLElement;
  private dragged: HTMLElement | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly urls: Urls,
    private readonly state: () => Snapshot,
    private readonly sold: () => Record<string, number>,
  ) {
    this.list = part(root, "goods");
    this.list.addEventListener("click", (event) => this.tap(event));
    part(root, "unpin").addEventListener("click", () => void this.pin(null));
    part(root, "sorting").addEventListener("click", (event) => {
      const button = event.currentTarget as HTMLElement;
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(on));
      this.list.classList.toggle("is-sorting", on);
    });
    this.drag();
  }

  draw(): void {
    const { items, pinned } = this.state();
    const rows = new Map<string, HTMLElement>();
    for (const row of this.list.querySelectorAll<HTMLElement>("[data-placement]")) {
      rows.set(row.dataset.placement!, row);
    }
    items.forEach((item, index) => {
      const key = String(item.placement);
      const row = rows.get(key) ?? stamp("t-piece");
      rows.delete(key);
      row.dataset.placement = key;
      this.drawRow(row, item, item.placement === pinned, index, items.length);
      if (this.list.children[index] !== row) this.list.insertBefore(row, this.list.children[index] ?? null);
    });
    for (const gone of rows.values()) gone.remove();
    part(this.root, "goods-empty").hidden = items.length > 0;
    const shown = items.find((item) => item.placement === pinned);
    const banner = part(this.root, "now");
    banner.hidden = !shown;
    if (shown) fill(banner, { now_title: shown.title, now_number: String(shown.number) });
    fill(this.root, { items: String(items.length) });
  }

  private drawRow(row: HTMLElement, item: Item, pinned: boolean, at: number, of: number): void {
    const left = leftOf(item);
    const sold = this.sold()[item.placement] ?? 0;
    fill(row, {
      number: String(item.number),
      title: item.title,
      price: item.price.text,
      left: left > 0 ? say(left <= FEW ? "only_left" : "left", { n: left }) : say("sold_out"),
      sold: sold > 0 ? say("sold", { n: sold }) : null,
      pin: say(pinned ? "unpin" : "pin"),
    });
    drawPicture(row, item);
    row.classList.toggle("is-pinned", pinned);
    row.classList.toggle("is-sold-out", left <= 0);
    row.classList.toggle("is-few", left > 0 && left <= FEW);
    const pin = part<HTMLButtonElement>(row, "pin");
    pin.setAttribute("aria-pressed", String(pinned));
    pin.disabled = left <= 0 && !pinned;
    pin.setAttribute("aria-label", say(pinned ? "unpin_named" : "pin_named", { title: item.title }));
    part<HTMLButtonElement>(row, "up").disabled = at === 0;
    part<HTMLButtonElement>(row, "down").disabled = at === of - 1;
  }

  private tap(event: Event): void {
    const button = (event.target as HTMLElement).closest<HTMLElement>("button[data-part]");
    const row = button?.closest<HTMLElement>("[data-placement]");
    if (!button || !row) return;
    const placement = Number(row.dataset.placement);
    if (button.dataset.part === "pin") {
      void this.pin(this.state().pinned === placement ? null : placement);
    } else if (button.dataset.part === "remove") {
      void this.remove(placement);
    } else {
      const order = this.state().items.map((item) => item.placement);
      const from = order.indexOf(placement);
      const to = from + (button.dataset.part === "up" ? -1 : 1);
      if (to < 0 || to >= order.length) return;
      order.splice(to, 0, ...order.splice(from, 1));
      void this.sort(order).then(() => button.focus());
    }
  }

  /** Shown at once; the room's own event confirms it, a refusal takes it back. */
  private async pin(placement: number | null): Promise<void> {
    const state = this.state();
    const before = state.pinned;
    state.pinned = placement;
    this.draw();
    try {
      await request(this.urls.pin, { body: { placement } });
    } catch (error) {
      state.pinned = before;
      this.draw();
      this.complain(error);
    }
  }

  private async sort(order: number[]): Promise<void> {
    const state = this.state();
    const before = [...state.items];
    state.items.sort((a, b) => order.indexOf(a.placement) - order.indexOf(b.placement));
    this.draw();
    try {
      await request(this.urls.sort, { body: { order } });
    } catch (error) {
      state.items = before;
      this.draw();
      this.complain(error);
    }
  }

  private async remove(placement: number): Promise<void> {
    const item = this.state().items.find((one) => one.placement === placement);
    if (!item || !(await confirmed(say("remove_question", { title: item.title })))) return;
    await request(this.urls.remove, { body: { placement } }).catch((error: unknown) =>
      this.complain(error),
    );
  }

  private drag(): void {
    this.list.addEventListener("dragstart", (event) => {
      this.dragged = (event.target as HTMLElement).closest<HTMLElement>("[data-placement]");
      this.dragged?.classList.add("is-dragged");
      event.dataTransfer?.setData("text/plain", this.dragged?.dataset.placement ?? "");
    });
    this.list.addEventListener("dragover", (event) => {
      const over = (event.target as HTMLElement).closest<HTMLElement>("[data-placement]");
      if (!this.dragged || !over || over === this.dragged) return;
      event.preventDefault();
      const { top, height } = over.getBoundingClientRect();
      const below = event.clientY > top + height / 2;
      this.list.insertBefore(this.dragged, below ? over.nextSibling : over);
    });
    this.list.addEventListener("drop", (event) => event.preventDefault());
    this.list.addEventListener("dragend", () => {
      if (!this.dragged) return;
      this.dragged.classList.remove("is-dragged");
      this.dragged = null;
      const rows = [...this.list.querySelectorAll<HTMLElement>("[data-placement]")];
      const order = rows.map((row) => Number(row.dataset.placement));
      const now = this.state().items.map((item) => item.placement);
      if (order.join() !== now.join()) void this.sort(order);
    });
  }

  private complain(error: unknown): void {
    toast((error as Error).message || say("not_saved"), "bad");
  }
}
