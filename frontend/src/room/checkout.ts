// One purchase at a time, from tap to paid. No DOM. The key belongs to the exact request: a retry
// of the same wish reuses it, a changed wish gets a new one, so nothing is ever bought twice.

import type { Answer, BuyRequest, Money, Outgoing, PaymentStep } from "./protocol";

export type Phase =
  | "idle" | "sending" | "waiting" | "busy" | "accepted" | "paid" | "unpaid"
  | "sold_out" | "limit" | "price" | "closed" | "error";

export type Wish = Omit<BuyRequest, "key">;

export interface Purchase {
  phase: Phase;
  wish: Wish | null;
  key: string;
  order: string;
  total: Money | null;
  payment: PaymentStep | null;
  left: number;
  detail: string;
  /** Device time in ms at which a busy house is asked again. */
  retryAt: number;
}

const NOTHING: Purchase = {
  phase: "idle", wish: null, key: "", order: "", total: null, payment: null, left: 0, detail: "",
  retryAt: 0,
};
const PENDING: readonly Phase[] = ["sending", "waiting", "busy"];
const ANSWER_DUE_MS = 8000;
const PAYMENT_DUE_MS = 6000;
const UNPAID = new Set(["FAILED", "CANCELLED"]);

export class Checkout {
  purchase: Purchase;
  private timer = 0;

  constructor(
    private readonly shelf: Storage,
    private readonly name: string,
    private readonly send: (message: Outgoing) => boolean,
    private readonly changed: (purchase: Purchase) => void,
  ) {
    this.purchase = { ...NOTHING, ...this.remembered() };
  }

  get pending(): boolean {
    return PENDING.includes(this.purchase.phase);
  }

  /** Keeps what the buyer has chosen so far, so that a reload finds it again. */
  choose(wish: Wish): void {
    if (this.pending) return;
    const same = JSON.stringify(wish) === JSON.stringify(this.purchase.wish);
    if (!same) this.set({ ...NOTHING, wish });
  }

  pay(wish: Wish): void {
    if (this.pending || this.purchase.phase === "accepted") return;
    const done = this.purchase.phase === "paid" || this.purchase.phase === "unpaid";
    const same = JSON.stringify(wish) === JSON.stringify(this.purchase.wish);
    const reusable = same && this.purchase.key && !done;
    this.set({ ...NOTHING, wish, key: reusable ? this.purchase.key : crypto.randomUUID() });
    this.transmit();
  }

  /** Sends an unanswered purchase again, with its key. Called whenever the connection is back. */
  resume(): void {
    if (this.pending && this.purchase.key) this.transmit();
    if (this.purchase.phase === "accepted") this.askPayment();
  }

  clear(): void {
    clearTimeout(this.timer);
    this.set({ ...NOTHING });
  }

  answer(answer: Answer): void {
    const { purchase } = this;
    if (answer.t === "order.paid") {
      if (answer.order !== purchase.order) return;
      clearTimeout(this.timer);
      this.set({ ...purchase, phase: "paid" });
      return;
    }
    if (!("key" in answer) || answer.key !== purchase.key) return;
    if (answer.t === "order.accepted") {
      this.accepted(answer);
      return;
    }
    if (!this.pending) return;
    clearTimeout(this.timer);
    switch (answer.t) {
      case "sold_out":
        // Only the pieces at the flash price are gone: it is still to be had at the usual one.
        if (answer.flash && !answer.left) {
          this.set({ ...purchase, phase: "price", detail: answer.detail ?? "" });
        } else this.set({ ...purchase, phase: "sold_out", left: answer.left });
        break;
      case "price_changed":
        this.set({ ...purchase, phase: "price", detail: answer.detail });
        break;
      case "limit":
      case "closed":
        this.set({ ...purchase, phase: answer.t, detail: answer.detail });
        break;
      case "busy":
        this.retryAfter(answer.retry_after);
        break;
      case "error":
        this.set({ ...purchase, phase: "error", detail: answer.detail });
    }
  }

  retryNow(): void {
    if (this.purchase.phase === "busy") this.transmit();
  }

  private accepted({ order, total, payment }: Extract<Answer, { t: "order.accepted" }>): void {
    if (!this.pending && this.purchase.phase !== "accepted") return;
    clearTimeout(this.timer);
    const state = payment?.state ?? "";
    const phase = state === "SUCCEEDED" ? "paid" : UNPAID.has(state) ? "unpaid" : "accepted";
    this.set({ ...this.purchase, phase, order, total, payment });
    if (phase === "accepted") this.timer = window.setTimeout(() => this.askPayment(), PAYMENT_DUE_MS);
  }

  /** News of the payment may have been lost: the same key is answered with its state of now. */
  private askPayment(): void {
    clearTimeout(this.timer);
    const { wish, key } = this.purchase;
    if (wish) this.send({ t: "buy", key, ...wish });
    this.timer = window.setTimeout(() => this.askPayment(), PAYMENT_DUE_MS);
  }

  private retryAfter(seconds: number): void {
    const wait = Math.max(0.3, seconds) * 1000;
    this.set({ ...this.purchase, phase: "busy", retryAt: Date.now() + wait });
    this.timer = window.setTimeout(() => this.transmit(), wait);
  }

  private transmit(): void {
    clearTimeout(this.timer);
    const { wish, key } = this.purchase;
    if (!wish) return;
    const sent = this.send({ t: "buy", key, ...wish });
    this.set({ ...this.purchase, phase: sent ? "sending" : "waiting" });
    // An answer lost on the way is asked for again; the key makes that harmless.
    if (sent) this.timer = window.setTimeout(() => this.transmit(), ANSWER_DUE_MS);
  }

  private set(purchase: Purchase): void {
    this.purchase = purchase;
    try {
      if (purchase.wish) this.shelf.setItem(this.name, JSON.stringify(purchase));
      else this.shelf.removeItem(this.name);
    } catch {
      // Private windows may refuse storage; the purchase then lives as long as the page.
    }
    this.changed(purchase);
  }

  private remembered(): Partial<Purchase> {
    try {
      return JSON.parse(this.shelf.getItem(this.name) ?? "{}") as Partial<Purchase>;
    } catch {
      return {};
    }
  }
}
