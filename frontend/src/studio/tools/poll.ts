// A poll: ask, watch the votes come in, close, take the result down.

import { clock, fill, part, request } from "../../room/page";
import type { Answer, RoomEvent } from "../../room/protocol";
import type { Desk, Tool } from "./tool";

interface Poll {
  id: number;
  question: string;
  options: string[];
  ends_at: number;
  result: number[] | null;
}

export class PollTool implements Tool {
  private readonly idle: string;
  private votes: number[] = [];
  private known = 0;

  constructor(private readonly desk: Desk) {
    this.idle = desk.root.querySelector('[data-slot="poll_now"]')?.textContent ?? "";
  }

  private get poll(): Poll | undefined {
    return this.desk.state().board.poll as Poll | undefined;
  }

  draw(): void {
    const poll = this.poll;
    const tool = part(this.desk.root, "tool-poll");
    if (poll && poll.id !== this.known) {
      this.known = poll.id;
      this.votes = [];
      void this.catchUp(poll.id);
    }
    const running = poll !== undefined && poll.result === null;
    tool.toggleAttribute("data-on", running);
    part(tool, "poll-form").hidden = running;
    part(tool, "poll-shown").hidden = !poll;
    part(tool, "poll-end").hidden = !running;
    part(tool, "poll-down").hidden = running;
    fill(tool, { poll_now: poll ? poll.question : this.idle, poll_question: poll?.question ?? "" });
    if (poll) {
      part(tool, "poll-end").querySelector<HTMLInputElement>("[name=poll]")!.value = String(poll.id);
      this.drawVotes(poll);
    }
    this.tick();
  }

  tick(): void {
    const poll = this.poll;
    const left = poll && poll.result === null ? poll.ends_at - this.desk.now() : null;
    fill(part(this.desk.root, "tool-poll"), { poll_left: left === null ? null : clock(left + 999) });
  }

  hear(event: RoomEvent | Answer): void {
    if (event.t !== "poll.votes" || event.poll !== this.poll?.id) return;
    this.votes = event.votes;
    this.drawVotes(this.poll);
  }

  private drawVotes(poll: Poll): void {
    const counted = poll.result ?? this.votes;
    const sum = counted.reduce((a, b) => a + b, 0) || 1;
    part(this.desk.root, "poll-result").replaceChildren(
      ...poll.options.map((answer, index) => {
        const row = document.createElement("li");
        const count = document.createElement("b");
        count.className = "number";
        count.textContent = String(counted[index] ?? 0);
        row.append(answer, count);
        row.style.setProperty("--share", `${(100 * (counted[index] ?? 0)) / sum}%`);
        return row;
      }),
    );
  }

  /** Votes that came before the console was opened. */
  private async catchUp(id: number): Promise<void> {
    const url = `/rooms/${this.desk.state().room.slug}/poll/`;
    const told = await request<{ poll: number; votes: number[] }>(url).catch(() => null);
    if (!told || told.poll !== id || this.poll?.id !== id || this.votes.length) return;
    this.votes = told.votes;
    this.drawVotes(this.poll);
  }
}
