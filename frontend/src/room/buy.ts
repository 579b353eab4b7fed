// The product sheet: choose, see the total, pay, read the result, all over the running picture.

import type { Checkout, Purchase, Wish } from "./checkout";
import { Coupons } from "./coupons";
import { type Price, priceOf, untilChange } from "./deals";
import { fill, part, parts, Refusal, request, say, showWhen, stamp, times } from "./page";
import type { Item, Snapshot } from "./protocol";
import { openSheet } from "./sheet";
import { drawPicture, leftText } from "./shelf";
import { defaultVariant, findItem, findVariant } from "./store";

const MOST = 99;

export class BuySheet {
  private item: Item | null = null;
  private variant = 0;
  private qty = 1;
  private countdown = 0;
  private turn = 0;
  /** A flash sale that has refused this buyer while the sheet was open. */
  private without = 0;
  private readonly coupons: Coupons;

  constructor(
    private readonly sheet: HTMLDialogElement,
    private readonly state: () => Snapshot,
    private readonly checkout: Checkout,
    private readonly now: () => number,
  ) {
    this.coupons = new Coupons(
      sheet.closest<HTMLElement>("live-room, room-replay") ?? sheet,
      sheet,
      state().room.id,
      (minor) => this.inMoney(minor),
      () => this.sheet.open && this.draw(),
    );
    const form = part<HTMLFormElement>(sheet, "buy-form");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.pay();
    });
    form.addEventListener("change", () => this.read());
    for (const step of sheet.querySelectorAll<HTMLElement>("[data-step]")) {
      step.addEventListener("click", () => this.setQuantity(this.qty + Number(step.dataset.step)));
    }
    part<HTMLInputElement>(sheet, "qty").addEventListener("input", (event) => {
      const value = Number((event.target as HTMLInputElement).value);
      if (Number.isInteger(value) && value > 0) this.setQuantity(value);
    });
    part(sheet, "take-left").addEventListener("click", () => {
      this.setQuantity(this.checkout.purchase.left);
      this.pay();
    });
    part(sheet, "retry-now").addEventListener("click", () => this.checkout.retryNow());
    for (const done of parts(sheet, "buy-again")) {
      done.addEventListener("click", () => {
        this.checkout.clear();
        this.draw();
      });
    }
    sheet.addEventListener("close", () => {
      if (["paid", "accepted", "unpaid"].includes(this.checkout.purchase.phase)) this.checkout.clear();
    });
    this.address();
  }

  /** Opens with defaults that can be paid at once: a variant in stock, one piece, the usual address. */
  open(placement: number): void {
    const item = findItem(this.state(), placement);
    if (!item) return;
    const kept = this.checkout.purchase.wish;
    const same = kept?.placement === placement && findVariant(item, kept.variant);
    if (!same && this.checkout.pending) {
      // A purchase on its way is shown before anything new is started.
      this.open(kept!.placement);
      return;
    }
    if (!same) this.checkout.clear();
    this.item = item;
    this.variant = same ? kept.variant : (defaultVariant(item)?.id ?? 0);
    this.qty = same ? kept.qty : 1;
    this.without = 0;
    this.coupons.forget();
    if (same && kept.address !== null) this.pickAddress(kept.address);
    this.drawVariants();
    this.draw();
    openSheet(this.sheet);
    const pay = part(this.sheet, "pay");
    if (!pay.hidden) pay.focus({ preventScroll: true });
  }

  get placement(): number | null {
    return this.sheet.open ? (this.item?.placement ?? null) : null;
  }

  /** Prices, stock or the shelf moved while the sheet was open. */
  refresh(): void {
    if (!this.sheet.open || !this.item) return;
    this.item = findItem(this.state(), this.item.placement) ?? this.item;
    this.drawVariants();
    this.draw();
  }

  draw(): void {
    const { item } = this;
    if (!item) return;
    const { purchase } = this.checkout;
    const variant = findVariant(item, this.variant);
    const pulled = !findItem(this.state(), item.placement);
    drawPicture(this.sheet, item);
    if (purchase.phase === "price" && this.sheet.dataset.phase !== "price") this.coupons.forget();
    if (purchase.wish?.flash && (purchase.phase === "price" || purchase.phase === "limit")) {
      this.without = purchase.wish.flash;
    }
    const price = this.price();
    const off = this.off(price);
    const total = price ? this.inMoney(price.unit.minor * this.qty - off) : "";
    const left = Math.min(variant?.left ?? 0, price?.flash?.left ?? MOST);
    this.wakeAtChange();
    const choice = this.sheet.querySelector<HTMLElement>("[data-part=coupon-row]");
    if (choice) choice.hidden = !this.coupons.held;
    this.sheet.toggleAttribute("data-flash", Boolean(price?.flash));
    fill(this.sheet, {
      title: item.title,
      number: String(item.number),
      price: price?.unit.text ?? item.price.text,
      was: price?.was ?? null,
      flash_note: price?.flash ? say("flash_limit", { n: price.flash.limit }) : null,
      coupon_off: off ? `−${this.inMoney(off)}` : null,
      left: pulled ? say("off_shelf") : leftText(left),
      option: variant?.label || null,
      goods: price ? say("times", { n: this.qty, price: price.unit.text }) : "",
      total,
      pay_total: total,
    });
    const more = part<HTMLAnchorElement>(this.sheet, "goods-link");
    more.hidden = !item.slug;
    if (item.slug) more.href = more.dataset.pattern!.replace("SLUG", item.slug);
    this.sheet.classList.toggle("is-few", left > 0 && left <= 10);
    this.sheet.classList.toggle("is-sold-out", left <= 0 || pulled);
    const quantity = part<HTMLInputElement>(this.sheet, "qty");
    if (document.activeElement !== quantity) quantity.value = String(this.qty);
    const most = Math.max(1, Math.min(MOST, left || 1, price?.flash?.limit ?? MOST));
    if (this.qty > most && purchase.phase === "idle" && price?.flash) {
      this.setQuantity(most);
      return;
    }
    quantity.max = String(most);
    const locked = this.checkout.pending;
    for (const step of this.sheet.querySelectorAll<HTMLButtonElement>("[data-step]")) {
      const to = this.qty + Number(step.dataset.step);
      step.disabled = locked || to < 1 || to > most;
    }
    part<HTMLFieldSetElement>(this.sheet, "choices").disabled = locked;
    const pay = part(this.sheet, "pay");
    const gone = purchase.phase === "sold_out" && purchase.left <= 0;
    if (pay instanceof HTMLButtonElement) {
      pay.disabled = !locked && (pulled || gone || left <= 0);
      pay.setAttribute("aria-busy", String(locked));
    } else if (pay instanceof HTMLAnchorElement) {
      pay.href = pay.dataset.next + encodeURIComponent(`#buy-${item.placement}`);
    }
    this.drawPhase(purchase);
  }

  private drawPhase(purchase: Purchase): void {
    this.sheet.dataset.phase = purchase.phase;
    clearInterval(this.countdown);
    const someLeft = purchase.phase === "sold_out" && purchase.left > 0;
    fill(this.sheet, {
      detail: purchase.detail,
      left_now: someLeft ? say("only_left_now", { n: purchase.left }) : say("just_sold_out"),
      take: someLeft ? say("take_left", { n: purchase.left }) : null,
      order: purchase.order,
      order_total: purchase.total?.text ?? "",
    });
    part(this.sheet, "take-left").hidden = !someLeft;
    for (const link of parts<HTMLAnchorElement>(this.sheet, "order-link")) {
      link.href = link.dataset.pattern!.replace("NUMBER", encodeURIComponent(purchase.order));
    }
    const confirm = part<HTMLAnchorElement>(this.sheet, "payment-link");
    confirm.hidden = !purchase.payment?.url;
    if (purchase.payment?.url) confirm.href = purchase.payment.url;
    showWhen(this.sheet, purchase.phase);
    if (purchase.phase === "busy") {
      const tick = (): void => {
        const rest = Math.max(1, Math.ceil((purchase.retryAt - Date.now()) / 1000));
        fill(this.sheet, { busy: say("busy", { n: rest }) });
      };
      tick();
      this.countdown = window.setInterval(tick, 1000);
    }
  }

  private drawVariants(): void {
    const { item } = this;
    if (!item) return;
    const box = part(this.sheet, "variants");
    const labelled = item.variants.length > 1 || Boolean(item.variants[0]?.label);
    box.hidden = !labelled;
    const list = part(box, "variant-list");
    const held = list.contains(document.activeElement);
    list.replaceChildren(
      ...item.variants.map((variant) => {
        const row = stamp("t-variant");
        const input = row.querySelector("input")!;
        input.value = String(variant.id);
        input.checked = variant.id === this.variant;
        input.disabled = variant.left <= 0 && variant.id !== this.variant;
        row.classList.toggle("is-sold-out", variant.left <= 0);
        fill(row, { label: variant.label || item.title });
        return row;
      }),
    );
    if (held) list.querySelector<HTMLInputElement>("input:checked")?.focus();
  }

  private read(): void {
    const chosen = this.sheet.querySelector<HTMLInputElement>("input[name=variant]:checked");
    if (chosen) this.variant = Number(chosen.value);
    const left = this.item ? (findVariant(this.item, this.variant)?.left ?? 0) : 0;
    if (left > 0) this.qty = Math.min(this.qty, left, MOST);
    const address = this.sheet.querySelector<HTMLInputElement>("input[name=address]:checked");
    const summary = address?.closest("label")?.querySelector("[data-address]")?.textContent;
    if (summary) fill(this.sheet, { ship_to: summary.trim() });
    this.keep();
    this.draw();
  }

  private setQuantity(to: number): void {
    const left = this.item ? (findVariant(this.item, this.variant)?.left ?? 0) : 0;
    this.qty = Math.max(1, Math.min(to, MOST, left || 1));
    this.keep();
    this.draw();
  }

  private price(): Price | null {
    const variant = this.item ? findVariant(this.item, this.variant) : undefined;
    if (!this.item || !variant) return null;
    return priceOf(this.state(), this.item.placement, variant, this.now(), this.without);
  }

  private off(price: Price | null): number {
    if (!this.item || !price || this.sheet.dataset.guest !== undefined) return 0;
    const line = { placement_id: this.item.placement, variant_id: this.variant, quantity: this.qty };
    return this.coupons.off(line, price.flash?.id ?? null);
  }

  /** An amount in the style of the item's own price. */
  private inMoney(minor: number): string {
    const style = this.item?.price;
    return style ? times({ ...style, minor }, 1) : String(minor);
  }

  /** The price turns at the very moment at which the sale begins and ends. */
  private wakeAtChange(): void {
    clearTimeout(this.turn);
    const wait = this.item && untilChange(this.state(), this.item.placement, this.now());
    if (wait === null || wait > 0x7fffffff) return;
    this.turn = window.setTimeout(() => this.sheet.open && this.draw(), wait + 5);
  }

  private keep(): void {
    const wish = this.wish();
    if (wish) this.checkout.choose(wish);
  }

  private wish(): Wish | null {
    const price = this.price();
    if (!this.item || !this.variant || !price) return null;
    const address = this.sheet.querySelector<HTMLInputElement>("input[name=address]:checked");
    return {
      placement: this.item.placement,
      variant: this.variant,
      qty: this.qty,
      address: address ? Number(address.value) : null,
      flash: price.flash?.id ?? null,
      total: price.unit.minor * this.qty - this.off(price),
      coupon: this.coupons.chosen,
    };
  }

  private pay(): void {
    const wish = this.wish();
    if (!wish || this.sheet.dataset.guest !== undefined) return;
    if (wish.address === null) {
      part<HTMLDetailsElement>(this.sheet, "address").open = true;
      this.sheet.querySelector<HTMLElement>("[data-part=address-form] input")?.focus();
      return;
    }
    this.checkout.pay(wish);
  }

  private pickAddress(id: number): void {
    const input = this.sheet.querySelector<HTMLInputElement>(`input[name=address][value="${id}"]`);
    if (input) input.checked = true;
  }

  /** A new address is saved to the account without leaving the sheet, and chosen at once. */
  private address(): void {
    const form = this.sheet.querySelector<HTMLFormElement>("[data-part=address-form]");
    form?.addEventListener("submit", (event) => {
      event.preventDefault();
      const problem = part(form, "address-problem");
      problem.hidden = true;
      const body = Object.fromEntries(new FormData(form)) as Record<string, string>;
      delete body.csrfmiddlewaretoken;
      request<{ id: number }>(form.dataset.api!, { body })
        .then(({ id }) => {
          const row = stamp("t-address");
          row.querySelector("input")!.value = String(id);
          fill(row, {
            who: `${body.recipient} · ${body.phone}`,
            where: [body.street, body.district, body.city, body.region].filter(Boolean).join(", "),
          });
          part(this.sheet, "address-list").append(row);
          this.pickAddress(id);
          form.reset();
          part<HTMLDetailsElement>(this.sheet, "address").open = false;
          part<HTMLDetailsElement>(this.sheet, "address-new").open = false;
          this.read();
          part(this.sheet, "pay").focus();
        })
        .catch((error: unknown) => {
          const fields = error instanceof Refusal ? (error.problem.fields ?? []) : [];
          const detail = fields.map(({ message }) => message).join(" ");
          problem.textContent = detail || (error as Error).message || say("not_saved");
          problem.hidden = false;
        });
    });
  }
}
