// The buyer's coupons in the product sheet: what they take off is asked of the house, never guessed.

import { part, request, say } from "./page";

const PAUSE_MS = 120;

interface Held {
  coupon: { id: number; kind: string; amount_minor: number };
  room: number;
}

interface Quote {
  discount_minor: number;
  total_minor: number;
  coupon_id: number | null;
}

export class Coupons {
  private asked = "";
  private known = "";
  private minor = 0;
  private timer = 0;
  private listed = 0;
  private readonly select: HTMLSelectElement | null;

  constructor(
    private readonly root: HTMLElement,
    sheet: HTMLElement,
    private readonly room: number,
    private readonly money: (minor: number) => string,
    private readonly changed: () => void,
  ) {
    this.select = sheet.querySelector<HTMLSelectElement>("[data-part=coupon-choice]");
    this.select?.addEventListener("change", changed);
    root.addEventListener("claimed", () => this.forget());
    if (this.select) part(sheet, "coupon-row").hidden = true;
  }

  get held(): boolean {
    return this.select !== null && this.root.dataset.coupon === "1";
  }

  /** null: the one that saves most; 0: none. */
  get chosen(): number | null {
    return this.held && this.select!.value ? Number(this.select!.value) : null;
  }

  /** A coupon was claimed or spent: ask anew. */
  forget(): void {
    this.asked = this.known = "";
    this.minor = this.listed = 0;
  }

  /** What is taken off these goods, in minor units, as far as it is known; what is not is asked. */
  off(line: { placement_id: number; variant_id: number; quantity: number }, flash: number | null): number {
    if (!this.held || this.chosen === 0) return 0;
    void this.list();
    const key = JSON.stringify([line, flash, this.chosen]);
    if (key !== this.asked) {
      this.asked = key;
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => void this.ask(key, line), PAUSE_MS);
    }
    return key === this.known ? this.minor : 0;
  }

  private async ask(key: string, line: object): Promise<void> {
    const body = { lines: [line], coupon_id: this.chosen };
    const quote = await request<Quote>("/api/v1/orders/quote", { body }).catch(() => null);
    if (key !== this.asked) return;
    this.known = key;
    this.minor = quote?.discount_minor ?? 0;
    this.changed();
  }

  private async list(): Promise<void> {
    if (this.listed || !this.select) return;
    this.listed = 1;
    const page = await request<{ results: Held[] }>("/api/v1/coupons").catch(() => null);
    const held = page?.results ?? [];
    const here = held.filter(({ room }) => room === this.room);
    const chosen = this.select.value;
    const option = (value: string, text: string): HTMLOptionElement => new Option(text, value);
    this.select.replaceChildren(
      option("", say("coupon_best")),
      ...here.map(({ coupon }) =>
        option(String(coupon.id), say("coupon_fixed_terms", { price: this.money(coupon.amount_minor) })),
      ),
      option("0", say("coupon_none")),
    );
    this.select.value = chosen;
    if (here.length === 0) delete this.root.dataset.coupon;
    this.changed();
  }
}

