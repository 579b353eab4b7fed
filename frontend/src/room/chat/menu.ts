// The menu of one line: answer, mention, copy, report with a reason.

import { say, stamp } from "../page";
import type { ChatLine } from "../protocol";
import { placeAbove } from "./popup";

export interface MenuActions {
  reply(): void;
  mention(): void;
  /** `reason` is one of those in docs/realtime.md. */
  report(reason: string): void;
  toast(text: string): void;
}

let open: HTMLElement | null = null;

/** `speak`: the viewer may write; `own`: the line is the viewer's. */
export function openMenu(
  line: ChatLine,
  row: HTMLElement,
  may: { speak: boolean; own: boolean },
  act: MenuActions,
): void {
  open?.remove();
  const menu = stamp("t-menu");
  open = menu;
  const [main, reasons] = [...menu.children] as [HTMLElement, HTMLElement];
  const show = (name: string, wanted: boolean): void => {
    menu.querySelector<HTMLElement>(`[data-do=${name}]`)!.hidden = !wanted;
  };
  show("reply", may.speak);
  show("mention", may.speak && !may.own);
  show("report", may.speak && !may.own);
  menu.addEventListener("click", (event) => {
    const item = (event.target as HTMLElement).closest<HTMLElement>("[role=menuitem]");
    if (!item) return;
    if (item.dataset.do === "report") {
      main.hidden = true;
      reasons.hidden = false;
      placeAbove(menu, row);
      first(menu)?.focus();
      return;
    }
    close();
    if (item.dataset.reason) act.report(item.dataset.reason);
    else if (item.dataset.do === "reply") act.reply();
    else if (item.dataset.do === "mention") act.mention();
    else {
      void navigator.clipboard
        .writeText(line.text)
        .then(() => act.toast(say("copied_text")), () => act.toast(say("not_saved")));
    }
  });
  const close = (): void => {
    removeEventListener("pointerdown", outside, true);
    menu.remove();
    if (open === menu) open = null;
  };
  // Not the browser's own light dismissal: the finger that opened it by a long press is still down.
  const outside = ({ target }: Event): void => {
    if (!menu.contains(target as Node)) close();
  };
  addEventListener("pointerdown", outside, true);
  menu.addEventListener("keydown", (event) => {
    const items = shown(menu);
    const at = items.indexOf(document.activeElement as HTMLElement);
    const last = items.length - 1;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last }[event.key];
    if (to !== undefined) items[(to + items.length) % items.length]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") {
      close();
      row.focus({ preventScroll: true });
    }
    else return;
    event.preventDefault();
  });
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
  row.closest("live-room")!.append(menu);
  menu.showPopover();
  placeAbove(menu, row);
  first(menu)?.focus();
}

function shown(menu: HTMLElement): HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>("[role=menuitem]")].filter(
    (item) => item.offsetParent !== null,
  );
}

function first(menu: HTMLElement): HTMLElement | undefined {
  return shown(menu)[0];
}
