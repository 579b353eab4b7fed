// The line on top of the chat: an announcement, or a viewer's line that the crew holds up.

import type { Fixture, Surroundings } from "../board";
import { fill, part } from "../page";

interface Notice {
  text: string;
  by: string;
  until: number | null;
}

export function notice({ root, now }: Surroundings): Fixture {
  const box = part(root, "notice");
  let timer = 0;
  return {
    draw(value) {
      clearTimeout(timer);
      const shown = value as Notice | undefined;
      const left = shown?.until ? shown.until - now() : null;
      box.hidden = !shown || (left !== null && left <= 0);
      if (!shown) return;
      fill(box, { by: shown.by, notice: shown.text });
      if (left !== null) timer = window.setTimeout(() => (box.hidden = true), left);
    },
  };
}
