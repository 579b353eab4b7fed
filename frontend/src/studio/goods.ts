// The anchor's shelf: pin with one tap, for a time or until further notice; see what is left, sold, asked for.

import { shownPrice, Turn } from "../room/deals";
import { clock, compact, fill, part, request, say, stamp } from "../room/page";
import type { Item, Snapshot } from "../room/protocol";
import { drawPicture, priceText } from "../room/shelf";
import { leftOf } from "../room/store";
import { confirmed } from "../shared/dialogs";
import { dragToSort } from "./sorting";
import { toast } from "../shared/toast";

const FEW = 5;

interface Facts {
  state(): Snapshot;
  /** Pieces sold and wishes for an explanation, by placement. */
  sold(): Record<string, number>;
  asks(): Record<string, number>;
  now(): number;
}

interface Urls {
  pin: string;
  sort: string;
  remove: string;
}

export class Goods {
  private readonly list: HTMLElement;
  private wished: number | null = null;
  private readonly turn = new Turn();

  constructor(
    private readonly root: HTMLElement,
    private readonly urls: Urls,
    private readonly facts: Facts,
  ) {
    this.list = part(root, "goods");
    part(root, "wish-pin").addEventListener("click", () => void this.pin(this.wished));
    this.list.addEventListener("click", (event) => this.tap(event));
    part(root, "unpin").addEventListener("click", () => void this.pin(null));
    part(root, "sorting").addEventListener("click", (event) => {
      const button = event.currentTarget as HTMLElement;
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(on));
      this.list.classList.toggle("is-sorting", on);
    });
    dragToSort(this.list, (order) => {
      const now = this.state().items.map((item) => item.placement);
      if (order.join() === now.join()) this.draw();
      else void this.sort(order);
    });
  }

  private state(): Snapshot {
    return this.facts.state();
  }

  /** Once a second: how long the item on screen stays. */
  tick(): void {
    const timer = this.state().board.pin_timer as { ends_at: number } | undefined;
    const left = timer ? clock(timer.ends_at - this.facts.now() + 999) : null;
    fill(part(this.root, "now"), { now_left: left });
  }

  draw(): void {
    // News does not move rows under the finger; the end of the drag draws them all.
    if (this.list.querySelector(".is-dragged")) return;
    const { items, pinned } = this.state();
    this.turn.await(this.state(), this.facts.now(), () => this.draw());
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
    this.drawWish();
    this.tick();
  }

  /** What viewers ask for most, and the tap that shows it. */
  private drawWish(): void {
    const { items, pinned } = this.state();
    const asks = this.facts.asks();
    const asked = items
      .filter((item) => item.placement !== pinned && leftOf(item) > 0 && asks[item.placement])
      .sort((a, b) => asks[b.placement]! - asks[a.placement]!)[0];
    const line = part(this.root, "wish");
    line.hidden = !asked;
    this.wished = asked?.placement ?? null;
    if (!asked) return;
    const n = compact(asks[asked.placement]!);
    fill(line, { wish: say("wish", { number: asked.number, title: asked.title, n }) });
  }

  private drawRow(row: HTMLElement, item: Item, pinned: boolean, at: number, of: number): void {
    const left = leftOf(item);
    const sold = this.facts.sold()[item.placement] ?? 0;
    const price = shownPrice(this.state(), item, this.facts.now());
    const asks = pinned ? 0 : (this.facts.asks()[item.placement] ?? 0);
    fill(row, {
      number: String(item.number),
      title: item.title,
      price: priceText(price),
      was: price.was,
      left: left > 0 ? say(left <= FEW ? "only_left" : "left", { n: left }) : say("sold_out"),
      sold: sold > 0 ? say("sold", { n: sold }) : null,
      asks: asks > 0 ? say("asks", { n: compact(asks) }) : null,
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
      const seconds = this.root.querySelector<HTMLSelectElement>("[data-part=hold]")?.value;
      await request(this.urls.pin, { body: { placement, ...(seconds ? { seconds } : {}) } });
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

  private complain(error: unknown): void {
    toast((error as Error).message || say("not_saved"), "bad");
  }
}
