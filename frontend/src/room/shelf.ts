// The shelf and the pinned card: one drawing of an item, whether in a list or over the picture.

import { type Shown, shownPrice, Turn } from "./deals";
import { fill, part, play, say, stamp } from "./page";
import type { Item, Snapshot } from "./protocol";
import { findItem, leftOf } from "./store";

const FEW = 10;

/** How much is left, in words; empty while there is plenty. */
export function leftText(left: number): string | null {
  if (left <= 0) return say("sold_out");
  return left <= FEW ? say("only_left", { n: left }) : say("left", { n: left });
}

export function drawPicture(root: HTMLElement, item: Pick<Item, "picture">): void {
  const image = root.querySelector<HTMLImageElement>("img[data-picture]");
  if (!image) return;
  image.hidden = !item.picture;
  if (!item.picture || image.getAttribute("src") === item.picture.src) return;
  image.srcset = item.picture.srcset ?? "";
  image.src = item.picture.src;
  image.alt = item.picture.alt ?? "";
}

/** "from" where variants differ. */
export function priceText({ lowest, from }: Shown): string {
  return from ? say("from", { price: lowest.text }) : lowest.text;
}

function drawItem(row: HTMLElement, item: Item, price: Shown, pinned: boolean): void {
  const left = leftOf(item);
  fill(row, {
    number: String(item.number),
    title: item.title,
    price: priceText(price),
    was: price.was,
    left: leftText(left),
  });
  drawPicture(row, item);
  row.classList.toggle("is-sold-out", left <= 0);
  row.classList.toggle("is-few", left > 0 && left <= FEW);
  row.classList.toggle("is-pinned", pinned);
  const flag = row.querySelector<HTMLElement>("[data-flag]");
  if (flag) flag.hidden = !pinned;
  const buy = row.querySelector<HTMLButtonElement>("[data-buy]");
  if (buy) {
    buy.dataset.buy = String(item.placement);
    buy.setAttribute("aria-label", say("buy_named", { title: item.title }));
  }
}

export class Shelf {
  private readonly list: HTMLElement;
  private readonly card: HTMLElement;
  private shown: number | null = null;
  private readonly turn = new Turn();

  constructor(
    private readonly root: HTMLElement,
    private readonly now: () => number,
    private readonly announce: (text: string) => void,
  ) {
    this.list = part(root, "shelf-list");
    this.card = part(root, "pin-card");
    this.list.addEventListener("keydown", (event) => this.move(event));
  }

  draw(state: Snapshot): void {
    const { items } = state;
    const now = this.now();
    this.turn.await(state, now, () => this.draw(state));
    const rows = new Map<string, HTMLElement>();
    for (const row of this.list.querySelectorAll<HTMLElement>("[data-placement]")) {
      rows.set(row.dataset.placement!, row);
    }
    let previous: Element | null = null;
    for (const item of items) {
      const key = String(item.placement);
      const row = rows.get(key) ?? stamp("t-item");
      rows.delete(key);
      row.dataset.placement = key;
      drawItem(row, item, shownPrice(state, item, now), item.placement === state.pinned);
      const place: Element | null = previous ? previous.nextElementSibling : this.list.firstElementChild;
      if (place !== row) this.list.insertBefore(row, place);
      previous = row;
    }
    for (const gone of rows.values()) gone.remove();
    fill(this.root, { items: String(items.length) });
    part(this.root, "shelf-empty").hidden = items.length > 0;
    this.drawCard(state);
  }

  /** Stock moves often; only the rows it touches are drawn. */
  drawStock(state: Snapshot, placement: number): void {
    const item = findItem(state, placement);
    const row = this.list.querySelector<HTMLElement>(`[data-placement="${placement}"]`);
    if (item && row) drawItem(row, item, shownPrice(state, item, this.now()), placement === state.pinned);
    if (placement === state.pinned) this.drawCard(state);
  }

  private drawCard(state: Snapshot): void {
    const item = findItem(state, state.pinned);
    this.card.hidden = !item;
    if (!item) {
      this.shown = null;
      return;
    }
    const price = shownPrice(state, item, this.now());
    drawItem(this.card, item, price, true);
    if (this.shown !== item.placement) {
      if (this.shown !== null || this.card.dataset.fresh === undefined) {
        play(this.card);
        this.announce(say("now_showing", { title: item.title, price: price.lowest.text }));
      }
      delete this.card.dataset.fresh;
      this.shown = item.placement;
    }
  }

  private move(event: KeyboardEvent): void {
    const buttons = [...this.list.querySelectorAll<HTMLElement>("[data-buy]")];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    buttons[Math.min(buttons.length - 1, Math.max(0, to))]?.focus();
  }
}
