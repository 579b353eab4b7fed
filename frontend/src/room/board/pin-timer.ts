// How long the item on screen stays there, counted by the server's clock.

import type { Fixture, Surroundings } from "../board";
import { clock, part } from "../page";

const DRAW_MS = 250;

export function pinTimer({ root, now }: Surroundings): Fixture {
  const line = part(root, "pin-timer");
  let timer = 0;
  return {
    draw(value) {
      clearInterval(timer);
      const end = (value as { ends_at: number } | undefined)?.ends_at;
      line.hidden = end === undefined;
      if (end === undefined) return;
      const show = (): void => {
        line.textContent = clock(end - now() + 999);
        line.classList.toggle("is-ending", end - now() < 10_000);
      };
      show();
      timer = window.setInterval(show, DRAW_MS);
    },
  };
}
