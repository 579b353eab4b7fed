// Everything that can hang on the room's board, by key.

import type { Fixture, Surroundings } from "./board";

export function fixtures(_around: Surroundings): Record<string, Fixture> {
  return {};
}
