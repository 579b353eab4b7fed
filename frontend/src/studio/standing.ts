// Decisions of the platform: shown until the anchor has read them, and followed when they stop the show.

import type { RoomStateName } from "../room/protocol";
import { showTimes } from "../shared/times";

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

  constructor(
    private readonly root: HTMLElement,
    private readonly reload: () => void,
  ) {
    this.stopped = STOPPED.includes(root.dataset.room as RoomStateName);
  }

  /** A stopped show has another page, and so has one that goes on. */
  follow(state: RoomStateName): void {
    if (STOPPED.includes(state) !== this.stopped) this.reload();
  }

  /** What is not read yet: new ones come from their blank, read ones go. */
  show(decisions: Decision[]): void {
    const known = new Map(
      [...this.root.querySelectorAll<HTMLElement>("[data-decision]")].map((row) => [
        Number(row.dataset.decision), row,
      ]),
    );
    const list = this.root.querySelector<HTMLElement>("[data-part=standing]")!;
    for (const { id, kind, reason, until } of decisions) {
      if (known.delete(id)) continue;
      const blank = document.querySelector<HTMLTemplateElement>(`#t-decision-${kind}`)!;
      const row = blank.content.firstElementChild!.cloneNode(true) as HTMLElement;
      row.dataset.decision = String(id);
      row.querySelector("[data-slot=reason]")!.textContent = reason;
      const end = row.querySelector<HTMLTimeElement>("[data-slot=until]");
      if (end && until) end.dateTime = until;
      showTimes(row);
      const field = row.querySelector<HTMLInputElement>("[name=decision]");
      if (field) field.value = String(id);
      list.append(row);
    }
    for (const row of known.values()) row.remove();
    list.hidden = !decisions.length;
  }
}
