// Everything that can hang on the room's board, by key.

import { type Fixture, lazily, type Surroundings } from "./board";
import { notice } from "./board/notice";
import { pinTimer } from "./board/pin-timer";
import { rules } from "./board/rules";

export function fixtures(around: Surroundings): Record<string, Fixture> {
  return {
    notice: notice(around),
    pin_timer: pinTimer(around),
    rules: rules(around),
    flash: lazily(async () => (await import("./board/flash")).flash(around)),
    coupon: lazily(async () => (await import("./board/coupon")).coupon(around)),
    poll: lazily(async () => (await import("./board/poll")).poll(around)),
  };
}
