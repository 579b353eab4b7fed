/** What every page needs: theme, dialogs, toasts, questions, times, copying, no double submits. */
import { visited } from "./room/visit";
import { csrfToken } from "./shared/csrf";
import { confirmed, watchDialogs } from "./shared/dialogs";
import { showTimes } from "./shared/times";
import { expire, toast } from "./shared/toast";

interface HtmxRequest extends Event {
  detail: {
    headers: Record<string, string>;
    verb: string;
    question?: string;
    issueRequest: (skip: boolean) => void;
    xhr: XMLHttpRequest;
    shouldSwap: boolean;
  };
}

const toasts = document.getElementById("toasts");
const on = document.addEventListener.bind(document);
const onHtmx = (name: string, listener: (event: HtmxRequest) => void) =>
  on(`htmx:${name}`, (event) => listener(event as HtmxRequest));

function chooseTheme(choice: string): void {
  const root = document.documentElement;
  const year = 31_536_000;
  const explicit = choice === "light" || choice === "dark";
  if (explicit) root.dataset.theme = choice;
  else delete root.dataset.theme;
  document.cookie = `theme=${explicit ? choice : ""}; path=/; max-age=${explicit ? year : 0}; samesite=lax`;
  for (const button of document.querySelectorAll<HTMLElement>("[data-theme-choice]"))
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
}

function copy(button: HTMLElement): void {
  const source = document.getElementById(button.dataset.copy ?? "");
  const text = source ? (source instanceof HTMLInputElement ? source.value : source.textContent) : button.dataset.copyText;
  navigator.clipboard
    .writeText((text ?? "").trim())
    .then(() => toast(toasts?.dataset.copied ?? "", "good"), () => toast(toasts?.dataset.failed ?? "", "bad"));
}

on("click", (event) => {
  const target = event.target as Element;
  const theme = target.closest<HTMLElement>("[data-theme-choice]");
  if (theme) chooseTheme(theme.dataset.themeChoice ?? "auto");
  const copier = target.closest<HTMLElement>("[data-copy], [data-copy-text]");
  if (copier) copy(copier);
  target.closest("[data-dismiss]")?.closest("[data-toast]")?.remove();
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details[data-menu][open]"))
    if (!menu.contains(target)) menu.open = false;
});

on("keydown", (event) => {
  if ((event as KeyboardEvent).key !== "Escape") return;
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
});

// A form may ask first (data-confirm on it or on the pressed button) and is sent once.
on("submit", (event) => {
  const form = event.target as HTMLFormElement;
  const submitter = (event as SubmitEvent).submitter;
  if (form.method === "dialog") return;
  const question = submitter?.dataset.confirm ?? form.dataset.confirm;
  if (question && form.dataset.answered !== "yes") {
    event.preventDefault();
    event.stopImmediatePropagation();
    void confirmed(question).then((yes) => {
      if (!yes) return;
      form.dataset.answered = "yes";
      form.requestSubmit(submitter);
      delete form.dataset.answered;
    });
    return;
  }
  if (form.dataset.sent === "yes") {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  if (form.matches("[hx-post], [hx-get], [hx-put], [hx-delete]") || form.method === "get") return;
  // A listener of the page may still keep the form here (its own fetch); then it is not "sent".
  window.setTimeout(() => {
    if (event.defaultPrevented) return;
    form.dataset.sent = "yes";
    submitter?.setAttribute("aria-busy", "true");
  });
}, true);

// The browser's back button shows the page as it was left: make its forms usable again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  }
});

// A select that changes the page at once: language, filter, sort.
on("change", (event) => {
  const control = event.target as HTMLInputElement;
  if (control.matches?.("[data-autosubmit]")) control.form?.requestSubmit();
});

onHtmx("configRequest", ({ detail }) => {
  if (detail.verb !== "get") detail.headers["X-CSRFToken"] = csrfToken();
});
onHtmx("confirm", (event) => {
  const { question, issueRequest } = event.detail;
  if (!question) return;
  event.preventDefault();
  void confirmed(question).then((yes) => yes && issueRequest(true));
});
// A refusal is a fragment that names its own place (HX-Retarget); a whole page is never swapped in.
onHtmx("beforeSwap", ({ detail }) => {
  if (detail.xhr.status >= 400 && /^\s*<!doctype/i.test(detail.xhr.responseText)) {
    detail.shouldSwap = false;
    toast(toasts?.dataset.failed ?? "", "bad");
  }
});
for (const name of ["sendError", "timeout"]) onHtmx(name, () => toast(toasts?.dataset.failed ?? "", "bad"));
onHtmx("afterSwap", (event) => {
  showTimes();
  for (const item of (event.target as Element).querySelectorAll?.("#toasts > .alert, [data-toast]") ?? []) expire(item);
});

watchDialogs();
showTimes();
// Goods pages carry the template; only who comes out of a room loads the player.
const visit = document.getElementById("t-mini") && visited();
if (visit) void import("./room/mini").then(({ dock }) => dock(visit));
window.setInterval(showTimes, 30_000);
for (const item of document.querySelectorAll("#toasts > [data-toast]")) expire(item);
