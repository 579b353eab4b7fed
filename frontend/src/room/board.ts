// What hangs in the room (docs/realtime.md, "board"): each key has a module that draws its value.

import type { Answer, Outgoing, RoomEvent, Snapshot } from "./protocol";

export interface Surroundings {
  root: HTMLElement;
  state(): Snapshot;
  send(message: Outgoing): boolean;
  /** Server time in milliseconds. */
  now(): number;
  toast(text: string): void;
}

/** One thing on the board. `draw` gets undefined when it is taken down. */
export interface Fixture {
  draw(value: unknown): void;
  /** Best-effort events and answers that concern it. */
  hear?(event: RoomEvent | Answer): void;
}

/** A fixture whose code is fetched when it hangs for the first time. */
export function lazily(load: () => Promise<Fixture>): Fixture {
  let ready: Fixture | null = null;
  let coming = false;
  let last: unknown;
  return {
    draw(value) {
      last = value;
      if (ready) return ready.draw(value);
      if (value === undefined || coming) return;
      coming = true;
      void load().then(
        (fixture) => (ready = fixture).draw(last),
        () => (coming = false),
      );
    },
    hear: (event) => ready?.hear?.(event),
  };
}

export class Board {
  private readonly shown = new Map<string, string>();

  constructor(
    private readonly fixtures: Record<string, Fixture>,
    private readonly state: () => Snapshot,
  ) {}

  /** Draws what changed since the last time. */
  draw(): void {
    for (const [key, fixture] of Object.entries(this.fixtures)) {
      const value = this.state().board[key];
      const text = JSON.stringify(value) ?? "";
      if (this.shown.get(key) === text) continue;
      this.shown.set(key, text);
      fixture.draw(value);
    }
  }

  hear(event: RoomEvent | Answer): void {
    for (const fixture of Object.values(this.fixtures)) fixture.hear?.(event);
  }
}
