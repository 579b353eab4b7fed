// Whether viewers are told what others buy.

import { part } from "../../room/page";
import type { Desk, Tool } from "./tool";

export class TickerTool implements Tool {
  constructor(private readonly desk: Desk) {}

  draw(): void {
    const off = this.desk.state().board.ticker_off !== undefined;
    const form = part<HTMLFormElement>(this.desk.root, "tool-ticker");
    form.querySelector<HTMLInputElement>("[name=on]")!.value = off ? "1" : "0";
    form.querySelector("button")!.setAttribute("aria-pressed", String(!off));
  }
}
