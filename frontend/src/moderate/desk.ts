// What waits for a decision, and what was decided: held lines, reports, sanctions, the crew's log.

import { fill, part, say, stamp } from "../room/page";
import type { ChatLine } from "../room/protocol";

interface Person {
  id: number;
  name: string;
}

interface Report {
  id: number;
  line: string;
  reason: string;
  note: string;
  accused: Person | null;
  evidence: { id: string; name: string; text: string }[];
}

interface Sanction {
  id: number;
  user: Person;
  kind: "mute" | "ban";
  until: number | null;
  reason: string;
}

interface Action {
  id: number;
  what: string;
  actor: string;
  target: Person | null;
  reason: string;
  at: number;
}

export interface DeskState {
  held: { line: ChatLine; why: string }[];
  reports: Report[];
  sanctions: Sanction[];
  log: Action[];
  rules: { slow_seconds: number; followers_only: boolean; links_blocked: boolean };
  /** Null for who may not see the list. */
  words: string[] | null;
}

type Decide = (act: string, about: Record<string, unknown>) => Promise<void>;

const language = document.documentElement.lang || "en";
const moment = new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "short" });
const hour = new Intl.DateTimeFormat(language, { timeStyle: "short" });

export class Desk {
  private readonly about = new WeakMap<HTMLElement, Record<string, unknown>>();

  constructor(
    private readonly root: HTMLElement,
    decide: Decide,
  ) {
    for (const name of ["held", "reports", "sanctions"]) {
      part(root, name).addEventListener("click", (event) => {
        const button = (event.target as HTMLElement).closest<HTMLButtonElement>("[data-act]");
        const row = button?.closest<HTMLElement>(".mod-line");
        const about = row && this.about.get(row);
        if (!button || !about) return;
        button.disabled = true;
        void decide(button.dataset.act!, about).finally(() => (button.disabled = false));
      });
    }
  }

  show(state: DeskState): void {
    this.draw("held", "t-held", state.held, ({ line, why }) => ({
      texts: { name: line.user.name, text: line.text, why },
      about: { line: line.id, text: line.text, user: line.user.id, name: line.user.name },
    }));
    this.draw("reports", "t-report", state.reports, (report) => {
      const said = report.evidence.find((line) => line.id === report.line);
      const [user, name] = [report.accused?.id, report.accused?.name ?? ""];
      return {
        texts: { why: report.reason, name, text: said?.text ?? "", note: report.note || null },
        about: { report: report.id, line: report.line, text: said?.text ?? "", user, name },
      };
    });
    this.draw("sanctions", "t-sanction", state.sanctions, (row) => ({
      texts: { name: row.user.name, why: say(`kind_${row.kind}`), text: until(row) },
      about: { sanction: row.id },
    }));
    this.draw("log", "t-log", state.log, (row) => ({
      texts: {
        when: hour.format(row.at),
        name: row.actor || say("platform"),
        text: say(`log_${row.what}`, { target: row.target?.name ?? "" }) || row.what,
      },
      about: {},
    }));
    fill(this.root, {
      held_count: state.held.length ? String(state.held.length) : null,
      report_count: state.reports.length ? String(state.reports.length) : null,
    });
  }

  private draw<T>(
    name: string,
    template: string,
    rows: T[],
    read: (row: T) => { texts: Record<string, string | null>; about: Record<string, unknown> },
  ): void {
    const drawn = rows.map((row) => {
      const { texts, about } = read(row);
      const element = stamp(template);
      fill(element, texts);
      this.about.set(element, about);
      return element;
    });
    part(this.root, name).replaceChildren(...drawn);
    part(this.root, `${name}-empty`).hidden = drawn.length > 0;
  }
}

function until({ until: end, reason }: Sanction): string {
  const time = end === null ? say("for_good") : say("until", { time: moment.format(end) });
  return reason ? `${time} · ${reason}` : time;
}
