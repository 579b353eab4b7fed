// What the forms of flash sales and coupons know of the goods, and how they read amounts.

import { request, times } from "../../room/page";
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

export async function goodsOf(url: string): Promise<Goods[]> {
  const told = await request<{ goods: Goods[] }>(url).catch(() => null);
  return told?.goods ?? [];
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
