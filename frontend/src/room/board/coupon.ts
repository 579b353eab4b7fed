// A coupon drop: it pops in, one tap takes it, and it is used by itself at the next purchase here.

import type { Fixture, Surroundings } from "../board";
import type { Coupon } from "../deals";
import { clock, fill, part, say } from "../page";
import { closable } from "./closing";

interface Drop extends Coupon {
  count: number;
  left: number;
  closes_at: number;
}

export function coupon({ root, now, send, toast }: Surroundings): Fixture {
  const card = part(root, "coupon");
  const take = part<HTMLButtonElement | HTMLAnchorElement>(card, "coupon-take");
  const mine = new Set((root.dataset.claimed ?? "").split(",").filter(Boolean).map(Number));
  let drop: Drop | null = null;
  let asked = 0;
  let hidden = 0;
  let timer = 0;

  const draw = (): void => {
    if (!drop) return;
    const left = drop.closes_at - now();
    const have = mine.has(drop.id);
    card.hidden = left <= 0 || hidden === drop.id;
    fill(card, {
      coupon_off: drop.percent ? say("coupon_percent", { n: drop.percent }) : drop.off.text,
      coupon_terms: terms(drop),
      coupon_left: have ? say("coupon_yours", { n: drop.minutes }) : say("coupon_left", { n: drop.left }),
      coupon_time: have ? null : clock(left + 999),
    });
    take.hidden = have;
    take.setAttribute("aria-busy", String(asked === drop.id));
    card.classList.toggle("is-mine", have);
    if (left <= 0) clearInterval(timer);
  };

  if (root.dataset.me) {
    take.addEventListener("click", () => {
      if (!drop || asked === drop.id) return;
      if (send({ t: "claim", coupon: drop.id })) asked = drop.id;
      else toast(say("offline_chat"));
      draw();
    });
  }
  closable(card, root, "coupon-close", () => (hidden = drop?.id ?? 0));

  return {
    draw(value) {
      clearInterval(timer);
      const next = (value as Drop | undefined) ?? null;
      const fresh = next && next.id !== drop?.id;
      drop = next;
      card.hidden = !next;
      if (!next) return;
      if (fresh) {
        card.classList.add("is-new");
        if (!mine.has(next.id)) part(root, "voice").textContent = say("coupon_said", { terms: terms(next) });
      }
      draw();
      timer = window.setInterval(draw, 500);
    },
    hear(event) {
      if (event.t === "claimed") {
        mine.add(event.coupon.id);
        root.dataset.coupon = "1";
        root.dispatchEvent(new Event("claimed"));
        asked = 0;
        if (event.coupon.id !== drop?.id) toast(say("coupon_yours", { n: event.coupon.minutes }));
      } else if (event.t === "error" && event.coupon) asked = 0;
      else return;
      draw();
    },
  };
}

/** "10% off, at most ¥9.00, from ¥50.00" */
export function terms(coupon: Coupon): string {
  const { off, percent, threshold } = coupon;
  const what = percent
    ? say("coupon_percent_terms", { n: percent, price: off.text })
    : say("coupon_fixed_terms", { price: off.text });
  return threshold ? say("coupon_from", { terms: what, price: threshold.text }) : what;
}
