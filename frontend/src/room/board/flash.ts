// A flash sale over the picture: 3-2-1 for everybody at once, then price, countdown and what is left.

import type { Fixture, Surroundings } from "../board";
import type { Flash } from "../deals";
import { calm, clock, fill, part, play, say } from "../page";
import { drawPicture } from "../shelf";
import { findItem } from "../store";
import { closable } from "./closing";

const TICK_MS = 100;
const LAST_WORDS_MS = 2500;

export function flash({ root, state, now }: Surroundings): Fixture {
  const card = part(root, "flash");
  const count = part(root, "flash-count");
  const bar = part<HTMLProgressElement>(card, "flash-bar");
  const buy = part<HTMLButtonElement>(card, "flash-buy");
  let sale: Flash | null = null;
  let timer = 0;
  let said = "";
  let closed = 0;

  closable(card, root, "flash-close", () => {
    closed = sale?.id ?? 0;
    count.hidden = true;
  });

  const voice = (text: string): void => {
    if (text === said) return;
    said = text;
    part(root, "voice").textContent = text;
  };

  const phaseOf = (shown: Flash): string => {
    const at = now();
    if (at < shown.starts_at) return "coming";
    if (at >= shown.ends_at) return "over";
    return shown.left > 0 ? "running" : "gone";
  };

  const draw = (): void => {
    if (!sale || sale.id === closed) return;
    const at = now();
    const phase = phaseOf(sale);
    const wait = sale.starts_at - at;
    card.dataset.phase = phase;
    card.hidden = phase === "over" && at > sale.ends_at + LAST_WORDS_MS;
    const item = findItem(state(), sale.placement);
    const lowest = sale.variants.reduce((a, b) => (b.minor < a.minor ? b : a));
    card.toggleAttribute("data-same", state().pinned === sale.placement);
    fill(card, {
      flash_title: item?.title ?? "",
      flash_price: sale.variants.length > 1 ? say("from", { price: lowest.text }) : lowest.text,
      flash_was: lowest.was,
      flash_left: say(phase === "gone" ? "flash_gone" : "flash_left", { n: sale.left, of: sale.quantity }),
      flash_limit: say("flash_limit", { n: sale.limit }),
      flash_time: phase === "coming" ? clock(wait + 999) : phase === "over" ? say("flash_over") : clock(sale.ends_at - at + 999),
      flash_word: say(phase === "coming" ? "flash_starts" : "flash_now"),
    });
    if (item) drawPicture(card, item);
    bar.max = sale.quantity;
    bar.value = sale.quantity - sale.left;
    buy.dataset.buy = String(sale.placement);
    buy.hidden = phase === "over";
    buy.disabled = phase === "coming";
    // The last three seconds stand large over the picture.
    const number = Math.ceil(wait / 1000);
    count.hidden = !(phase === "coming" && number <= 3);
    if (!count.hidden && count.textContent !== String(number)) {
      count.textContent = String(number);
      if (!calm.matches) play(count);
    }
    if (phase === "running") {
      voice(say("flash_said", { title: item?.title ?? "", price: lowest.text, n: sale.quantity }));
    } else if (phase !== "coming") voice(say(phase === "gone" ? "flash_gone" : "flash_over"));
  };

  /** Ten times a second while it shows, and at the very moment it starts. */
  const tick = (): void => {
    draw();
    if (!sale || sale.id === closed || card.hidden) return;
    const wait = sale.starts_at - now();
    timer = window.setTimeout(tick, wait > 0 ? Math.min(wait, TICK_MS) : TICK_MS);
  };

  return {
    draw(value) {
      clearTimeout(timer);
      const before = sale;
      sale = (value as Flash | undefined) ?? null;
      if (sale && sale.id === closed) {
        card.hidden = true;
        return;
      }
      if (!sale) {
        count.hidden = true;
        // Taken down at its end: the last words stay for a moment; aborted: gone at once.
        if (before && now() >= before.ends_at && now() < before.ends_at + LAST_WORDS_MS) {
          sale = before;
          tick();
        } else card.hidden = true;
        return;
      }
      card.hidden = false;
      tick();
    },
  };
}
