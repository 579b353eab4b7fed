// The rules of the chat, said in the field where one would break them.

import type { Fixture, Surroundings } from "../board";
import { say } from "../page";

interface Rules {
  slow_seconds: number;
  followers_only: boolean;
}

export function rules({ root }: Surroundings): Fixture {
  const field = root.querySelector<HTMLInputElement>("#message");
  const plain = field?.placeholder ?? "";
  return {
    draw(value) {
      if (!field) return;
      const { slow_seconds, followers_only } = (value ?? {}) as Partial<Rules>;
      if (followers_only) field.placeholder = say("followers_only");
      else field.placeholder = slow_seconds ? say("slow_mode", { n: slow_seconds }) : plain;
    },
  };
}
