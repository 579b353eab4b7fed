// Flash sale: choose goods and price with the lowest possible one and the earning in sight, start, stop.

import type { Flash } from "../../room/deals";
import { clock, fill, part, say } from "../../room/page";
import { findItem } from "../../room/store";
import { confirmed } from "../../shared/dialogs";
import { type Goods, GoodsFields, inMoney, minorOf, shareOf, typedOf } from "./deals";
import { type Desk, post, type Tool } from "./tool";

export class FlashTool implements Tool {
  private readonly tool: HTMLDetailsElement;
  private readonly form: HTMLFormElement;
  private readonly select: HTMLSelectElement;
  private readonly source: GoodsFields;
  /** The item that price and pieces were last suggested for. */
  private suggested: number | null = null;

  constructor(private readonly desk: Desk) {
    this.tool = part<HTMLDetailsElement>(desk.root, "tool-flash");
    this.form = part<HTMLFormElement>(this.tool, "flash-form");
    this.select = part<HTMLSelectElement>(this.form, "flash-goods");
    this.source = new GoodsFields(this.tool, () => this.list());
    this.select.addEventListener("change", () => this.suggest());
    this.form.addEventListener("input", () => this.check());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.start();
    });
    const abort = part<HTMLFormElement>(this.tool, "flash-abort");
    abort.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.abort(abort);
    });
  }

  private get sale(): Flash | undefined {
    const sale = this.desk.state().board.flash as Flash | undefined;
    return sale && this.desk.now() < sale.ends_at ? sale : undefined;
  }

  draw(): void {
    const { sale } = this;
    this.tool.toggleAttribute("data-on", Boolean(sale));
    part(this.tool, "flash-shown").hidden = !sale;
    if (sale) {
      const item = findItem(this.desk.state(), sale.placement);
      const price = sale.variants.map(({ text }) => text)[0] ?? "";
      fill(this.tool, { flash_title: `${item?.number ?? ""}. ${item?.title ?? ""} · ${price}` });
      const progress = part<HTMLProgressElement>(this.tool, "flash-progress");
      progress.max = sale.quantity;
      progress.value = sale.quantity - sale.left;
    }
    this.tick();
  }

  tick(): void {
    const { sale } = this;
    const now = this.desk.now();
    if (!sale) {
      if (this.tool.dataset.on !== undefined) this.draw();
      fill(this.tool, { flash_now: say("flash_idle") });
      return;
    }
    const values = { sold: sale.quantity - sale.left, of: sale.quantity };
    fill(this.tool, {
      flash_now:
        now < sale.starts_at
          ? say("flash_starts", { time: clock(sale.starts_at - now + 999) })
          : say(sale.left > 0 ? "flash_runs" : "flash_sold_out", {
              ...values,
              time: clock(sale.ends_at - now + 999),
            }),
    });
  }

  /** What is chosen stays chosen; before anything is, it is what viewers see now. */
  private list(): void {
    const { goods } = this.source;
    const wanted = this.suggested ?? this.desk.state().pinned;
    this.select.replaceChildren(
      ...goods.map(({ placement, number, title }) => {
        const chosen = placement === wanted;
        return new Option(`${number}. ${title}`, String(placement), chosen, chosen);
      }),
    );
    this.suggest();
  }

  private get chosen(): Goods | undefined {
    return this.source.goods.find(({ placement }) => String(placement) === this.select.value);
  }

  /** One price for all variants: not below the highest of their lowest prices. */
  private get bounds(): { lowest: number | null; was: number; bps: number } | null {
    const variants = this.chosen?.variants ?? [];
    if (!variants.length) return null;
    const lowest = variants.map((variant) => variant.lowest?.minor ?? Infinity);
    return {
      lowest: Math.max(...lowest) === Infinity ? null : Math.max(...lowest),
      was: Math.min(...variants.map((variant) => variant.was.minor)),
      bps: Math.min(...variants.map((variant) => variant.commission_bps)),
    };
  }

  /**
   * Fills in a price and at most as many pieces as there are when the item is another than before:
   * what somebody typed for this one is theirs. Halfway to the lowest price is a fair start.
   */
  private suggest(): void {
    const { bounds, chosen } = this;
    const pieces = chosen?.variants.reduce((sum, { available }) => sum + available, 0) ?? 0;
    const quantity = this.field("quantity");
    quantity.max = String(pieces);
    if (chosen && chosen.placement !== this.suggested) {
      this.suggested = chosen.placement;
      const price = this.field("price");
      price.value = "";
      if (bounds && bounds.lowest !== null && bounds.lowest < bounds.was) {
        const half = Math.ceil((bounds.was + bounds.lowest) / 2 / 10) * 10;
        price.value = typedOf(Math.min(half, bounds.was - 1), chosen.variants[0]!.was.currency);
      }
      if (Number(quantity.value) > pieces) quantity.value = String(Math.max(1, pieces));
    }
    this.check();
  }

  private field(name: string): HTMLInputElement {
    return this.form.elements.namedItem(name) as HTMLInputElement;
  }

  private price(): number | null {
    const like = this.chosen?.variants[0]?.was;
    return like ? minorOf(this.field("price").value, like.currency) : null;
  }

  private check(): void {
    const { bounds, chosen } = this;
    const like = chosen?.variants[0]?.was;
    const button = part<HTMLButtonElement>(this.form, "flash-start");
    button.disabled = true;
    if (!bounds || !like) {
      fill(this.form, { flash_check: say("coupon_no_goods") });
      return;
    }
    if (bounds.lowest === null || bounds.lowest >= bounds.was) {
      fill(this.form, { flash_check: say("flash_none") });
      return;
    }
    const lowest = inMoney(bounds.lowest, like);
    const price = this.price();
    if (price === null) {
      fill(this.form, { flash_check: say("flash_lowest", { price: lowest }) });
    } else if (price < bounds.lowest) {
      fill(this.form, { flash_check: say("flash_too_low", { price: lowest }) });
    } else if (price >= bounds.was) {
      fill(this.form, { flash_check: say("flash_not_lower", { price: inMoney(bounds.was, like) }) });
    } else {
      button.disabled = false;
      fill(this.form, {
        flash_check: `${say("flash_earn", {
          earn: inMoney(shareOf(price, bounds.bps), like),
          percent: Math.round((100 * (bounds.was - price)) / bounds.was),
        })}. ${say("flash_lowest", { price: lowest })}`,
      });
    }
  }

  private async start(): Promise<void> {
    if (!this.form.reportValidity()) return;
    const price = this.price();
    if (price === null) return this.check();
    const at = this.field("scheduled_at").value;
    await post(this.form, {
      placement: Number(this.select.value),
      price_minor: price,
      quantity: this.field("quantity").value,
      per_buyer: this.field("per_buyer").value,
      seconds: this.field("seconds").value,
      scheduled_at: at ? new Date(at).toISOString() : "",
      remorse: this.field("no_remorse").checked ? 0 : 1,
    });
  }

  private async abort(form: HTMLFormElement): Promise<void> {
    const { sale } = this;
    if (!sale || !(await confirmed(say("flash_abort")))) return;
    await post(form, { flash: sale.id });
  }
}
