// The line on top of the chat: an announcement, or a viewer's line that the crew holds up.

import type { Fixture, Surroundings } from "../board";
import { fill, part } from "../page";
import { closable } from "./closing";

interface Notice {
  text: string;
  by: string;
  at: number;
  until: number | null;
}

export function notice({ root, now }: Surroundings): Fixture {
  const box = part(root, "notice");
  let timer = 0;
  let at = 0;
  let closedAt = 0;
  closable(box, root, "notice-close", () => (closedAt = at));
  return {
    draw(value) {
      clearTimeout(timer);
      const shown = value as Notice | undefined;
      const left = shown?.until ? shown.until - now() : null;
      at = shown?.at ?? 0;
      box.hidden = !shown || closedAt === at || (left !== null && left <= 0);
      if (!shown) return;
      fill(box, { by: shown.by, notice: shown.text });
      if (left !== null) timer = window.setTimeout(() => (box.hidden = true), left);
    },
  };
}
