// The tools of the console, in one place: add a line here for a new one.

import type { Answer, RoomEvent } from "../../room/protocol";
import { CouponTool } from "./coupon";
import { FlashTool } from "./flash";
import { NoticeTool } from "./notice";
import { PollTool } from "./poll";
import { TickerTool } from "./ticker";
import { type Desk, post, type Tool } from "./tool";

/** Part of the page → the tool that draws it. A role's console may lack some. */
const TOOLS: Record<string, new (desk: Desk) => Tool> = {
  "tool-coupon": CouponTool,
  "tool-flash": FlashTool,
  "tool-notice": NoticeTool,
  "tool-poll": PollTool,
  "tool-ticker": TickerTool,
};

export class Tools {
  private readonly tools: Tool[];

  constructor(desk: Desk) {
    this.tools = Object.entries(TOOLS)
      .filter(([name]) => desk.root.querySelector(`[data-part="${name}"]`))
      .map(([, Kind]) => new Kind(desk));
    desk.root.addEventListener("submit", (event) => {
      const form = event.target as HTMLFormElement;
      if (form.dataset.quick === undefined) return;
      event.preventDefault();
      void send(form);
    });
  }

  draw(): void {
    for (const tool of this.tools) tool.draw();
  }

  tick(): void {
    for (const tool of this.tools) tool.tick?.();
  }

  hear(event: RoomEvent | Answer): void {
    for (const tool of this.tools) tool.hear?.(event);
  }
}

/** A form marked `data-quick` is sent as it stands, without leaving the console. */
async function send(form: HTMLFormElement): Promise<void> {
  const fields = new FormData(form);
  const body: Record<string, unknown> = {};
  for (const name of fields.keys()) {
    if (name !== "csrfmiddlewaretoken") body[name] = fields.get(name);
  }
  if (fields.has("options")) body.options = fields.getAll("options");
  const sent = typed(form);
  // What somebody typed while it was on its way is the next one.
  if ((await post(form, body)) && typed(form) === sent) form.reset();
}

function typed(form: HTMLFormElement): string {
  return JSON.stringify([...new FormData(form)].map(([name, value]) => [name, String(value)]));
}
