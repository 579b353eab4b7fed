// Completion of @names among those who spoke lately: a listbox steered from the text field.

const MOST = 5;

export class Mentions {
  private at = 0;
  private shown: string[] = [];

  constructor(
    private readonly field: HTMLInputElement,
    private readonly list: HTMLElement,
    private readonly speakers: () => string[],
  ) {
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", list.id);
    field.addEventListener("keydown", (event) => this.key(event));
    field.addEventListener("blur", () => this.show([]));
    // Before the field loses its focus to the tap.
    list.addEventListener("pointerdown", (event) => {
      const option = (event.target as HTMLElement).closest<HTMLElement>("[role=option]");
      if (!option) return;
      event.preventDefault();
      this.take([...this.list.children].indexOf(option));
    });
    this.show([]);
  }

  /** Offers names for what stands before the caret. */
  look(): void {
    const begun = this.begun();
    const wanted = begun?.toLocaleLowerCase();
    const names =
      wanted === undefined
        ? []
        : this.speakers().filter((name) => name.toLocaleLowerCase().startsWith(wanted));
    this.show(names.slice(0, MOST));
  }

  /** The letters after an @ that begins a word; undefined when the caret is not in such a word. */
  private begun(): string | undefined {
    const before = this.field.value.slice(0, this.field.selectionStart ?? 0);
    return /(?:^|\s)@([^@]{0,30})$/u.exec(before)?.[1];
  }

  private show(names: string[]): void {
    this.shown = names;
    this.list.hidden = names.length === 0;
    this.list.replaceChildren(
      ...names.map((name, index) => {
        const option = document.createElement("li");
        option.id = `${this.list.id}-${index}`;
        option.setAttribute("role", "option");
        option.textContent = name;
        return option;
      }),
    );
    this.field.setAttribute("aria-expanded", String(names.length > 0));
    this.mark(0);
  }

  private mark(index: number): void {
    this.at = index;
    for (const [place, option] of [...this.list.children].entries()) {
      option.setAttribute("aria-selected", String(place === index));
    }
    const id = this.list.children[index]?.id;
    if (id) this.field.setAttribute("aria-activedescendant", id);
    else this.field.removeAttribute("aria-activedescendant");
  }

  private key(event: KeyboardEvent): void {
    const { length } = this.shown;
    if (!length || event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.mark((this.at + step + length) % length);
    else if (event.key === "Enter" || event.key === "Tab") this.take(this.at);
    else if (event.key === "Escape") this.show([]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private take(index: number): void {
    const name = this.shown[index];
    const begun = this.begun();
    if (name === undefined || begun === undefined) return;
    const caret = this.field.selectionStart ?? 0;
    this.field.setRangeText(`${name} `, caret - begun.length, caret, "end");
    this.show([]);
  }
}
