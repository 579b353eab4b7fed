// Coupon drop: terms with what the anchor can give in sight, how many are taken, withdraw.

import type { Coupon } from "../../room/deals";
import { clock, fill, part, say } from "../../room/page";
import type { Money } from "../../room/protocol";
import { GoodsFields, inMoney, minorOf, shareOf } from "./deals";
import { type Desk, post, type Tool } from "./tool";

interface Drop extends Coupon {
  count: number;
  left: number;
  closes_at: number;
}

export class CouponTool implements Tool {
  private readonly tool: HTMLDetailsElement;
  private readonly form: HTMLFormElement;
  private readonly idle: string;
  private readonly source: GoodsFields;

  constructor(private readonly desk: Desk) {
    this.tool = part<HTMLDetailsElement>(desk.root, "tool-coupon");
    this.form = part<HTMLFormElement>(this.tool, "coupon-form");
    this.idle = this.tool.querySelector('[data-slot="coupon_now"]')?.textContent ?? "";
    this.source = new GoodsFields(this.tool, () => this.check());
    this.form.addEventListener("input", () => this.check());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.drop();
    });
    const withdraw = part<HTMLFormElement>(this.tool, "coupon-withdraw");
    withdraw.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.open) void post(withdraw, { coupon: this.open.id });
    });
  }

  private get open(): Drop | undefined {
    const drop = this.desk.state().board.coupon as Drop | undefined;
    return drop && this.desk.now() < drop.closes_at ? drop : undefined;
  }

  draw(): void {
    const { open } = this;
    this.tool.toggleAttribute("data-on", Boolean(open));
    part(this.tool, "coupon-shown").hidden = !open;
    this.form.hidden = Boolean(open);
    if (open) {
      const { percent, off, threshold } = open;
      const what = percent
        ? say("coupon_percent_terms", { n: percent, price: off.text })
        : say("coupon_fixed_terms", { price: off.text });
      fill(this.tool, {
        coupon_title: threshold ? say("coupon_from", { terms: what, price: threshold.text }) : what,
      });
      const progress = part<HTMLProgressElement>(this.tool, "coupon-progress");
      progress.max = open.count;
      progress.value = open.count - open.left;
    }
    this.tick();
  }

  tick(): void {
    const { open } = this;
    if (!open && this.tool.dataset.on !== undefined) return this.draw();
    fill(this.tool, {
      coupon_now: open
        ? say("coupon_runs", {
            claimed: open.count - open.left,
            of: open.count,
            time: clock(open.closes_at - this.desk.now() + 999),
          })
        : this.idle,
    });
  }

  private field(name: string): HTMLInputElement {
    return this.form.elements.namedItem(name) as HTMLInputElement;
  }

  private get like(): Money | undefined {
    return this.source.goods[0]?.variants[0]?.was;
  }

  private minor(name: string): number | null {
    return this.like ? minorOf(this.field(name).value, this.like.currency) : null;
  }

  private check(): void {
    const percent = this.field("kind").value === "percent";
    part(this.form, "coupon-rate").hidden = !percent;
    const button = part<HTMLButtonElement>(this.form, "coupon-drop");
    button.disabled = true;
    const { like } = this;
    if (!like) {
      fill(this.form, { coupon_check: say("coupon_no_goods") });
      return;
    }
    const threshold = this.minor("threshold") ?? 0;
    const earned = this.source.goods.flatMap(({ variants }) =>
      variants.map(({ was, commission_bps }) => shareOf(Math.max(threshold, was.minor), commission_bps)),
    );
    const [least, most] = [Math.min(...earned), Math.max(...earned)];
    const off = this.minor("amount");
    if (off !== null && off > most) {
      fill(this.form, { coupon_check: say("coupon_too_high", { price: inMoney(most, like) }) });
      return;
    }
    button.disabled = !off;
    fill(this.form, {
      coupon_check:
        off !== null && off > least
          ? say("coupon_clipped", { price: inMoney(least, like) })
          : say("coupon_most", { least: inMoney(least, like), most: inMoney(most, like) }),
    });
  }

  private async drop(): Promise<void> {
    if (!this.form.reportValidity()) return;
    const amount = this.minor("amount");
    if (!amount) return this.check();
    await post(this.form, {
      kind: this.field("kind").value,
      amount_minor: amount,
      rate_bps: Math.round(Number(this.field("percent").value) * 100),
      threshold_minor: this.minor("threshold") ?? 0,
      count: this.field("count").value,
      valid_minutes: this.field("valid_minutes").value,
      seconds: this.field("seconds").value,
    });
  }
}
