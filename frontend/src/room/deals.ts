// What an item costs at this moment: a flash sale counts by the server's clock.

import type { Item, Money, Snapshot, Variant } from "./protocol";

export interface Flash {
  id: number;
  placement: number;
  variants: (Money & { id: number; was: string })[];
  quantity: number;
  left: number;
  limit: number;
  starts_at: number;
  ends_at: number;
}

export interface Coupon {
  id: number;
  off: Money;
  percent: number | null;
  threshold: Money | null;
  minutes: number;
}

/** What the buyer is shown, and what the wish insists on. */
export interface Price {
  unit: Money;
  /** The usual price in words while a flash price counts. */
  was: string | null;
  flash: Flash | null;
}

export function flashOf(state: Snapshot, placement: number): Flash | null {
  const flash = state.board.flash as Flash | undefined;
  return flash?.placement === placement ? flash : null;
}

/** `without` is a sale that has refused this buyer. */
export function priceOf(
  state: Snapshot, placement: number, variant: Variant, now: number, without = 0,
): Price {
  const flash = flashOf(state, placement);
  const runs = flash && flash.id !== without && flash.left > 0 && flash.starts_at <= now && now < flash.ends_at;
  const found = runs ? flash.variants.find(({ id }) => id === variant.id) : undefined;
  return found ? { unit: found, was: found.was, flash } : { unit: variant, was: null, flash: null };
}

/** What an item costs at least, whether others of it cost more, and the usual price while it is less. */
export interface Shown {
  lowest: Money;
  from: boolean;
  was: string | null;
}

export function shownPrice(state: Snapshot, item: Item, now: number): Shown {
  const units = item.variants.map((variant) => priceOf(state, item.placement, variant, now).unit);
  const lowest = units.reduce((a, b) => (b.minor < a.minor ? b : a), units[0] ?? item.price);
  const from = units.some(({ minor }) => minor !== lowest.minor);
  return { lowest, from, was: lowest.minor < item.price.minor ? item.price.text : null };
}

/** Milliseconds until the price changes by the clock; null when it does not. */
export function untilChange(state: Snapshot, placement: number, now: number): number | null {
  const flash = flashOf(state, placement);
  const next = [flash?.starts_at ?? 0, flash?.ends_at ?? 0].find((at) => at > now);
  return next === undefined ? null : next - now;
}

// What setTimeout can wait.
const LONGEST_MS = 0x7fffffff;

/** Draws again when the room's flash sale begins and when it ends. */
export class Turn {
  private timer = 0;

  /** Takes the place of what was awaited before. */
  await(state: Snapshot, now: number, draw: () => void): void {
    clearTimeout(this.timer);
    const placement = (state.board.flash as Flash | undefined)?.placement;
    const wait = placement === undefined ? null : untilChange(state, placement, now);
    if (wait !== null && wait < LONGEST_MS) this.timer = window.setTimeout(draw, wait + 5);
  }
}
