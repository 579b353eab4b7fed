// The tools of the console, in one place: add a line here for a new one.

import type { Answer, RoomEvent } from "../../room/protocol";
import type { Desk, Tool } from "./tool";

export class Tools {
  private readonly tools: Tool[];

  constructor(_desk: Desk) {
    this.tools = [];
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
