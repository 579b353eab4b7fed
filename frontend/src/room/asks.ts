// “Please explain this”: one tap on an item of the shelf, once a minute; only the anchor sees the count.

import type { Surroundings } from "./board";
import { say } from "./page";
import type { Answer } from "./protocol";

const AGAIN_MS = 60_000;

export class Asks {
  constructor(private readonly around: Surroundings) {
    around.root.addEventListener("click", (event) => {
      const button = (event.target as HTMLElement).closest<HTMLButtonElement>("[data-ask]");
      const row = button?.closest<HTMLElement>("[data-placement]");
      if (!button || !row) return;
      button.disabled = true;
      if (!around.send({ t: "ask", placement: Number(row.dataset.placement) })) {
        button.disabled = false;
        around.toast(say("offline_chat"));
      }
    });
  }

  hear(answer: Answer): void {
    if (answer.t !== "asked") return;
    const row = `[data-placement="${answer.placement}"] [data-ask]`;
    const button = this.around.root.querySelector<HTMLButtonElement>(row);
    if (!button) return;
    button.disabled = true;
    button.setAttribute("aria-pressed", "true");
    this.around.toast(say("asked"));
    window.setTimeout(() => {
      button.disabled = false;
      button.setAttribute("aria-pressed", "false");
    }, AGAIN_MS);
  }
}
