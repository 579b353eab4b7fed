// A poll: one tap to vote, then the shares as they grow; the final result stays until it is taken down.

import type { Fixture, Surroundings } from "../board";
import { clock, compact, fill, part, request, say, stamp } from "../page";
import { closable } from "./closing";

interface Poll {
  id: number;
  question: string;
  options: string[];
  ends_at: number;
  result: number[] | null;
}

interface Told {
  poll: number;
  votes: number[];
  mine: number | null;
}

export function poll({ root, now, send, toast }: Surroundings): Fixture {
  const box = part(root, "poll");
  const list = part(root, "poll-options");
  const signedIn = Boolean(root.dataset.me);
  let shown: Poll | null = null;
  let votes: number[] = [];
  let mine: number | null = null;
  let asked: number | null = null;
  let closedByReader = 0;
  let timer = 0;

  const over = (): boolean => !shown || shown.result !== null || shown.ends_at <= now();

  const draw = (): void => {
    if (!shown) return;
    const counted = shown.result ?? votes;
    const sum = counted.reduce((a, b) => a + b, 0);
    const open = !over();
    const results = !open || mine !== null || !signedIn;
    const best = Math.max(...counted, 1);
    box.dataset.results = String(results);
    [...list.children].forEach((row, index) => {
      const button = row.firstElementChild as HTMLButtonElement;
      const count = counted[index] ?? 0;
      const share = sum ? Math.round((100 * count) / sum) : 0;
      button.disabled = !open || !signedIn || mine !== null || asked !== null;
      button.style.setProperty("--share", results ? `${share}%` : "0%");
      button.classList.toggle("is-mine", index === mine);
      button.classList.toggle("is-best", shown!.result !== null && count === best);
      button.setAttribute("aria-pressed", String(index === mine));
      fill(button, { share: results ? `${share}%` : "" });
    });
    const left = shown.ends_at - now();
    fill(box, {
      poll_left: open ? clock(left + 999) : null,
      poll_note: open
        ? say(signedIn ? "poll_votes" : "poll_sign_in", { n: compact(sum) })
        : say(shown.result ? "poll_result" : "poll_counting", { n: compact(sum) }),
    });
  };

  /** What happened before this page was opened: the sums so far, and one's own vote. */
  const catchUp = async (id: number): Promise<void> => {
    const told = await request<Told>(`${location.pathname}poll/`).catch(() => null);
    if (!told || told.poll !== id || shown?.id !== id) return;
    mine ??= told.mine;
    if (told.votes.length > votes.length) votes = told.votes;
    draw();
  };

  list.addEventListener("click", (event) => {
    const button = (event.target as HTMLElement).closest<HTMLElement>("[data-option]");
    if (!button || !shown || over() || mine !== null) return;
    asked = Number(button.dataset.option);
    if (!send({ t: "vote", poll: shown.id, option: asked })) {
      asked = null;
      toast(say("offline_chat"));
    }
    draw();
  });
  closable(box, root, "poll-close", () => (closedByReader = shown?.id ?? 0));

  return {
    draw(value) {
      const next = (value as Poll | undefined) ?? null;
      clearInterval(timer);
      if (next && next.id !== shown?.id) {
        votes = [];
        mine = asked = null;
        list.replaceChildren(
          ...next.options.map((answer, index) => {
            const row = stamp("t-poll-option");
            (row.firstElementChild as HTMLElement).dataset.option = String(index);
            fill(row, { answer });
            return row;
          }),
        );
        fill(box, { question: next.question });
        void catchUp(next.id);
      }
      shown = next;
      box.hidden = !next || (closedByReader === next.id && next.result === null);
      if (!next) return;
      draw();
      if (next.result === null) timer = window.setInterval(draw, 1000);
    },
    hear(event) {
      if (!shown) return;
      if (event.t === "poll.votes" && event.poll === shown.id) votes = event.votes;
      else if (event.t === "voted" && event.poll === shown.id) {
        mine = event.option;
        asked = null;
        votes = shown.options.map((_, index) => (votes[index] ?? 0) + Number(index === mine));
      } else if (event.t === "error" && event.poll === shown.id) {
        asked = null;
        if (event.code === "already_voted") void catchUp(shown.id);
      } else return;
      draw();
    },
  };
}
