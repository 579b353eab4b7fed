export type Tone = "good" | "warn" | "bad" | "info";

const LIFETIME_MS = 6000;

/** Show a sentence for a few seconds. The text comes from the server or from a template. */
export function toast(text: string, tone: Tone = "info"): void {
  const list = document.getElementById("toasts");
  const template = list?.querySelector<HTMLTemplateElement>("template[data-toast-template]");
  const item = template?.content.firstElementChild?.cloneNode(true) as HTMLElement | undefined;
  if (!list || !item || !text) return;
  item.dataset.tone = tone;
  const words = item.querySelector("span");
  if (words) words.textContent = text;
  raise(list);
  list.append(item);
  expire(item);
}

/** Over a modal sheet, and inside it: all that is outside is inert and lies below. */
function raise(list: HTMLElement): void {
  const modal = [...document.querySelectorAll<HTMLDialogElement>("dialog:modal")].at(-1);
  if (!modal || modal.contains(list)) return;
  modal.append(list);
  list.popover = "manual";
  list.showPopover();
  modal.addEventListener(
    "close",
    () => {
      list.popover = null;
      document.body.append(list);
    },
    { once: true },
  );
}

/** Let a toast leave by itself, but never while it is read with the pointer or the keyboard. */
export function expire(item: Element): void {
  window.setTimeout(() => {
    if (item.matches(":hover, :focus-within")) expire(item);
    else item.remove();
  }, LIFETIME_MS);
}
