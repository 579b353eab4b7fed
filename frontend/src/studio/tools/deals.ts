// What the forms of flash sales and coupons know of the goods, and how they read amounts.

import { part, request, times } from "../../room/page";
import type { Money } from "../../room/protocol";

export interface Goods {
  placement: number;
  number: number;
  title: string;
  variants: {
    id: number;
    label: string;
    was: Money;
    lowest: Money | null;
    commission_bps: number;
    available: number;
  }[];
}

/**
 * The part of a tool's form that is about goods. They are fetched each time the tool is opened; before
 * the first answer nothing in it can be used, and a failure says so and offers another try.
 */
export class GoodsFields {
  goods: Goods[] = [];
  private known = false;
  private loading = false;
  private readonly fields: HTMLFieldSetElement;

  /** `changed` is called when goods have come, and never while somebody waits for the first ones. */
  constructor(
    private readonly tool: HTMLDetailsElement,
    private readonly changed: () => void,
  ) {
    this.fields = part<HTMLFieldSetElement>(tool, "goods-fields");
    tool.addEventListener("toggle", () => tool.open && void this.load());
    part(tool, "goods-again").addEventListener("click", () => void this.load());
    if (tool.open) void this.load();
  }

  private async load(): Promise<void> {
    if (this.loading) return;
    this.loading = true;
    this.draw(false);
    const told = await request<{ goods: Goods[] }>(this.tool.dataset.deals!).catch(() => null);
    this.loading = false;
    if (told) {
      this.known = true;
      this.goods = told.goods;
    }
    this.draw(!told);
    if (told) this.changed();
  }

  private draw(failed: boolean): void {
    const waits = this.loading && !this.known;
    this.fields.disabled = !this.known;
    this.fields.setAttribute("aria-busy", String(waits));
    part(this.tool, "goods-loading").hidden = !waits;
    part(this.tool, "goods-failed").hidden = !failed;
  }
}

function places(currency: string): number {
  return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions()
    .maximumFractionDigits ?? 2;
}

/** What was typed, in minor units; null when it is no amount. */
export function minorOf(typed: string, currency: string): number | null {
  const value = Number(typed);
  if (!typed.trim() || !Number.isFinite(value) || value < 0) return null;
  return Math.round(value * 10 ** places(currency));
}

export function typedOf(minor: number, currency: string): string {
  return (minor / 10 ** places(currency)).toFixed(places(currency));
}

export function inMoney(minor: number, like: Money): string {
  return times({ ...like, minor }, 1);
}

/** Basis points of an amount, half up, as the house counts them. */
export function shareOf(minor: number, bps: number): number {
  return Math.round((minor * bps) / 10_000);
}
