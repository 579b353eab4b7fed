// Rules are saved as soon as they are changed; the word list by its button.

import { part, say } from "../room/page";
import { toast } from "../shared/toast";
import type { DeskState } from "./desk";

type Post = (path: string, body: object) => Promise<object | null>;

export class Rules {
  private readonly form: HTMLFormElement;
  private readonly list: HTMLTextAreaElement | null;
  private shown = "";

  constructor(root: HTMLElement, post: Post) {
    this.form = part<HTMLFormElement>(root, "rules");
    this.list = root.querySelector<HTMLTextAreaElement>('[data-part="words"] textarea');
    this.form.addEventListener("change", (event) => {
      const field = event.target as HTMLInputElement;
      const value = field.type === "checkbox" ? field.checked : Number(field.value);
      void post("rules/", { [field.name]: value }).then((done) => done && toast(say("saved"), "good"));
    });
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.list?.form?.addEventListener("submit", (event) => {
      event.preventDefault();
      const words = this.list!.value.split("\n").map((word) => word.trim()).filter(Boolean);
      void post("words/", { words }).then((done) => {
        if (!done) return;
        this.shown = (done as { words: string[] }).words.join("\n");
        this.list!.value = this.shown;
        toast(say("saved"), "good");
      });
    });
  }

  show({ rules, words }: DeskState): void {
    const field = (name: string) => this.form.elements.namedItem(name) as HTMLInputElement;
    const slow = field("slow_seconds") as unknown as HTMLSelectElement;
    if (![...slow.options].some((option) => Number(option.value) === rules.slow_seconds)) {
      slow.add(new Option(`${rules.slow_seconds} s`, String(rules.slow_seconds)));
    }
    slow.value = String(rules.slow_seconds);
    field("followers_only").checked = rules.followers_only;
    field("links_blocked").checked = rules.links_blocked;
    // What was typed and not saved stays.
    if (!this.list || !words || this.list.value !== this.shown) return;
    this.shown = words.join("\n");
    this.list.value = this.shown;
  }
}
