// What every tool of the console is given, and what it may do.

import { request, say } from "../../room/page";
import type { Answer, Outgoing, RoomEvent, Snapshot } from "../../room/protocol";
import { toast } from "../../shared/toast";

export interface Desk {
  root: HTMLElement;
  state(): Snapshot;
  /** Server time in milliseconds. */
  now(): number;
  send(message: Outgoing): boolean;
}

/** One tool: its markup is `templates/rooms/tools/_<name>.html`. */
export interface Tool {
  /** Draws what the room says now; called after every durable event and every reset. */
  draw(): void;
  /** Once a second, for what counts down. */
  tick?(): void;
  /** Best-effort events and answers that concern it. */
  hear?(event: RoomEvent | Answer): void;
}

/** POSTs `body` to the form's own address; a refusal is shown as a toast. True when it worked. */
export async function post(form: HTMLFormElement, body: object): Promise<boolean> {
  const button = form.querySelector<HTMLElement>("button:not([type=button])");
  button?.setAttribute("aria-busy", "true");
  try {
    await request(form.action, { body });
    return true;
  } catch (error) {
    toast((error as Error).message || say("not_saved"), "bad");
    return false;
  } finally {
    button?.setAttribute("aria-busy", "false");
  }
}
