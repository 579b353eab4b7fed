// Decisions of the platform: shown until the anchor has read them, and followed when they stop the show.

import type { RoomStateName } from "../room/protocol";
import { showTimes } from "../shared/times";
import { post } from "./tools/tool";

export interface Decision {
  id: number;
  kind: string;
  reason: string;
  /** When a suspension ends, as ISO 8601. */
  until: string | null;
}

const STOPPED: readonly RoomStateName[] = ["SUSPENDED", "TERMINATED"];

export class Standing {
  private readonly stopped: boolean;
  private readonly list: HTMLElement;
  private readonly read = new Set<number>();

  constructor(
    root: HTMLElement,
    private readonly reload: () => void,
  ) {
    this.stopped = STOPPED.includes(root.dataset.room as RoomStateName);
    this.list = root.querySelector<HTMLElement>("[data-part=standing]")!;
    // Sent from here: another page would close the camera.
    this.list.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.acknowledge(event.target as HTMLFormElement);
    });
  }

  /** A stopped show has another page, and so has one that goes on. */
  follow(state: RoomStateName): void {
    if (STOPPED.includes(state) !== this.stopped) this.reload();
  }

  /** What is not read yet: new ones come from their blank, read ones go. */
  show(decisions: Decision[]): void {
    const known = new Map(
      [...this.list.querySelectorAll<HTMLElement>("[data-decision]")].map((row) => [
        Number(row.dataset.decision), row,
      ]),
    );
    for (const { id, kind, reason, until } of decisions) {
      // Numbers that were asked for before it was read still have it.
      if (known.delete(id) || this.read.has(id)) continue;
      const blank = document.querySelector<HTMLTemplateElement>(`#t-decision-${kind}`)!;
      const row = blank.content.firstElementChild!.cloneNode(true) as HTMLElement;
      row.dataset.decision = String(id);
      row.querySelector("[data-slot=reason]")!.textContent = reason;
      const end = row.querySelector<HTMLTimeElement>("[data-slot=until]");
      if (end && until) end.dateTime = until;
      showTimes(row);
      const field = row.querySelector<HTMLInputElement>("[name=decision]");
      if (field) field.value = String(id);
      this.list.append(row);
    }
    for (const row of known.values()) row.remove();
    this.list.hidden = !this.list.querySelector("[data-decision]");
  }

  private async acknowledge(form: HTMLFormElement): Promise<void> {
    const row = form.closest<HTMLElement>("[data-decision]")!;
    const id = Number(row.dataset.decision);
    if (!(await post(form, { decision: id }))) return;
    this.read.add(id);
    row.remove();
    this.list.hidden = !this.list.querySelector("[data-decision]");
  }
}
