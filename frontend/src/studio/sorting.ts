// Sorting rows by dragging their grip, with mouse, pen or finger alike.

const EDGE = 48;
const SPEED = 10;

/** Rows of `list` carry `data-placement` and a `[data-grip]`. `sorted` gets the order they were left in. */
export function dragToSort(list: HTMLElement, sorted: (order: number[]) => void): void {
  let row: HTMLElement | null = null;
  let pointer = 0;
  let at = 0;
  let frame = 0;

  const move = (): void => {
    if (!row) return;
    const others = [...list.querySelectorAll<HTMLElement>("[data-placement]")].filter((one) => one !== row);
    const next = others.find((one) => {
      const { top, height } = one.getBoundingClientRect();
      return at < top + height / 2;
    });
    if (row.nextElementSibling !== (next ?? null)) list.insertBefore(row, next ?? null);
  };

  /** A list longer than the screen goes along when the pointer comes to its edge. */
  const scroll = (): void => {
    const frameBox = list.parentElement!.getBoundingClientRect();
    const by = at < frameBox.top + EDGE ? -SPEED : at > frameBox.bottom - EDGE ? SPEED : 0;
    if (by) {
      list.parentElement!.scrollBy(0, by);
      move();
    }
    frame = requestAnimationFrame(scroll);
  };

  const order = (): number[] =>
    [...list.querySelectorAll<HTMLElement>("[data-placement]")].map((one) =>
      Number(one.dataset.placement),
    );

  list.addEventListener("pointerdown", (event) => {
    const grip = (event.target as HTMLElement).closest<HTMLElement>("[data-grip]");
    if (!grip || row || event.button !== 0) return;
    row = grip.closest<HTMLElement>("[data-placement]");
    if (!row) return;
    event.preventDefault();
    pointer = event.pointerId;
    at = event.clientY;
    // The list, because the browser lets go of an element that is moved in the page.
    list.setPointerCapture(pointer);
    row.classList.add("is-dragged");
    frame = requestAnimationFrame(scroll);
  });
  list.addEventListener("pointermove", (event) => {
    if (!row || event.pointerId !== pointer) return;
    at = event.clientY;
    move();
  });
  const drop = (event: PointerEvent): void => {
    if (!row || event.pointerId !== pointer) return;
    cancelAnimationFrame(frame);
    row.classList.remove("is-dragged");
    row = null;
    sorted(order());
  };
  list.addEventListener("pointerup", drop);
  list.addEventListener("pointercancel", drop);
}
