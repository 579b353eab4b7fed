// The selection centre inside the console: search, see what one would earn, take it with one tap.

import { fill, part, Refusal, request, say, stamp } from "../room/page";
import { drawPicture } from "../room/shelf";
import type { Item, Money } from "../room/protocol";
import { toast } from "../shared/toast";

const TYPING_MS = 250;

interface Offered {
  listing: number;
  title: string;
  supplier: string;
  picture: Item["picture"];
  price: Money;
  earn: Money;
  commission_bps: number;
  left: number;
  taken: boolean;
}

interface Page {
  rows: Offered[];
  next: number | null;
}

export class Selection {
  private timer = 0;
  private asked = 0;
  private next: number | null = null;
  private readonly list: HTMLElement;
  private readonly more: HTMLElement;

  constructor(
    private readonly root: HTMLElement,
    private readonly urls: { search: string; add: string },
    private readonly taken: () => void,
  ) {
    this.list = part(root, "offers");
    const query = part<HTMLInputElement>(root, "offer-query");
    query.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => void this.search(query.value), TYPING_MS);
    });
    this.more = part(root, "offers-more");
    this.more.addEventListener("click", () => void this.search(query.value, this.next ?? 1));
    for (const open of document.querySelectorAll("[data-open=selection]")) {
      open.addEventListener("click", () => void this.search(query.value));
    }
    this.list.addEventListener("click", (event) => {
      const button = (event.target as HTMLElement).closest<HTMLButtonElement>("[data-listing]");
      if (button) void this.add(button);
    });
  }

  private async search(text: string, page = 1): Promise<void> {
    this.asked += 1;
    const turn = this.asked;
    this.root.setAttribute("aria-busy", "true");
    try {
      const url = `${this.urls.search}?q=${encodeURIComponent(text.trim())}&page=${page}`;
      const found = await request<Page>(url);
      if (turn === this.asked) this.draw(found, page > 1);
    } catch (error) {
      toast((error as Error).message || say("not_saved"), "bad");
    } finally {
      if (turn === this.asked) this.root.setAttribute("aria-busy", "false");
    }
  }

  private draw({ rows, next }: Page, append: boolean): void {
    const drawn = rows.map((offered) => this.row(offered));
    if (append) this.list.append(...drawn);
    else this.list.replaceChildren(...drawn);
    part(this.root, "offers-empty").hidden = this.list.childElementCount > 0;
    this.next = next;
    this.more.hidden = next === null;
  }

  private row(offered: Offered): HTMLElement {
    const row = stamp("t-offer");
    fill(row, {
      title: offered.title,
      supplier: offered.supplier,
      price: offered.price.text,
      earn: offered.earn.text,
      rate: `${offered.commission_bps / 100}%`,
      left: offered.left > 0 ? say("left", { n: offered.left }) : say("sold_out"),
    });
    drawPicture(row, offered);
    const button = row.querySelector<HTMLButtonElement>("button")!;
    button.dataset.listing = String(offered.listing);
    button.setAttribute("aria-label", say("add_named", { title: offered.title }));
    this.mark(button, offered.taken);
    button.disabled ||= offered.left <= 0;
    return row;
  }

  private mark(button: HTMLButtonElement, taken: boolean): void {
    button.disabled = taken;
    fill(button, { label: say(taken ? "added" : "add") });
  }

  private async add(button: HTMLButtonElement): Promise<void> {
    button.setAttribute("aria-busy", "true");
    try {
      await request(this.urls.add, { body: { listing: Number(button.dataset.listing) } });
      this.mark(button, true);
      this.taken();
    } catch (error) {
      const known = error instanceof Refusal && error.problem.code === "already_listed";
      if (known) this.mark(button, true);
      else toast((error as Error).message || say("not_saved"), "bad");
    } finally {
      button.setAttribute("aria-busy", "false");
    }
  }
}
