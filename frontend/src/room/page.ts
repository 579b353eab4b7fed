// Small hands for server-rendered markup: parts, slots, templates, texts and numbers.
// No sentence is written here: texts come translated in a JSON block of the page.

import { csrfToken } from "../shared/csrf";
import type { Money } from "./protocol";

const language = document.documentElement.lang || "en";

/** The element marked `data-part="name"`; a missing one is a broken template, so it throws. */
export function part<T extends HTMLElement = HTMLElement>(root: ParentNode, name: string): T {
  const found = root.querySelector<T>(`[data-part="${name}"]`);
  if (!found) throw new Error(`The page has no part "${name}".`);
  return found;
}

export function parts<T extends HTMLElement = HTMLElement>(root: ParentNode, name: string): T[] {
  return [...root.querySelectorAll<T>(`[data-part="${name}"]`)];
}

/** A fresh copy of the first element inside `<template id="…">`. */
export function stamp<T extends HTMLElement = HTMLElement>(templateId: string): T {
  const template = document.getElementById(templateId) as HTMLTemplateElement;
  return template.content.firstElementChild!.cloneNode(true) as T;
}

/** Plays the animation of a class from its beginning. Costs no layout, unlike taking it off and on. */
export function play(element: HTMLElement, name = "is-new"): void {
  if (element.classList.contains(name)) {
    for (const animation of element.getAnimations()) {
      animation.currentTime = 0;
      animation.play();
    }
    return;
  }
  element.classList.add(name);
  element.addEventListener("animationend", function ended({ target }) {
    if (target !== element) return;
    element.classList.remove(name);
    element.removeEventListener("animationend", ended);
  });
}

/** Writes text into `data-slot` elements; null hides the slot. Untouched text causes no layout. */
export function fill(root: HTMLElement, values: Record<string, string | null>): void {
  for (const [name, value] of Object.entries(values)) {
    const own = root.dataset.slot === name ? [root] : [];
    for (const slot of [...own, ...root.querySelectorAll<HTMLElement>(`[data-slot="${name}"]`)]) {
      slot.hidden = value === null;
      if (value !== null && slot.textContent !== value) slot.textContent = value;
    }
  }
}

/** Shows the elements whose space-separated `data-when` names `state`, hides the others. */
export function showWhen(root: HTMLElement, state: string): void {
  for (const element of root.querySelectorAll<HTMLElement>("[data-when]")) {
    element.hidden = !element.dataset.when!.split(" ").includes(state);
  }
}

export function readJson<T>(id: string): T | null {
  const text = document.getElementById(id)?.textContent;
  return text ? (JSON.parse(text) as T) : null;
}

let texts: Record<string, string> | null = null;

/** A translated sentence of the page's `#texts` block, with `{name}` filled in. */
export function say(key: string, values: Record<string, string | number> = {}): string {
  texts ??= readJson<Record<string, string>>("texts") ?? {};
  return (texts[key] ?? "").replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

const numbers = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });

export function compact(count: number): string {
  return numbers.format(count);
}

/** `unit` × `quantity` in the very style of the unit's ready text: "¥99.00" × 2 → "¥198.00". */
export function times(unit: Money, quantity: number): string {
  const [, before, digits, after] = /^(\D*)(\d[\d\s.,]*\d|\d)(\D*)$/u.exec(unit.text) ?? [];
  const { maximumFractionDigits: places = 2 } = new Intl.NumberFormat("en", {
    style: "currency",
    currency: unit.currency,
  }).resolvedOptions();
  const sum = (unit.minor * quantity) / 10 ** places;
  const plain = new Intl.NumberFormat("en", {
    minimumFractionDigits: places,
    maximumFractionDigits: places,
  }).format(sum);
  if (digits === undefined) return `${unit.currency} ${plain}`;
  const comma = places > 0 && digits.at(-places - 1) === ",";
  const styled = comma ? plain.replace(/[.,]/g, (mark) => (mark === "." ? "," : ".")) : plain;
  return before + styled + after;
}

/** 3671000 ms → 1:01:11 */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const pad = (value: number) => String(value).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

export const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** Same-origin request with CSRF. Resolves to the answer's JSON; rejects with a problem's detail. */
export async function request<T = unknown>(
  url: string,
  init: { method?: string; body?: FormData | object; headers?: Record<string, string> } = {},
): Promise<T> {
  const isForm = init.body instanceof FormData;
  const response = await fetch(url, {
    method: init.method ?? (init.body ? "POST" : "GET"),
    credentials: "same-origin",
    headers: {
      Accept: "application/json",
      "X-CSRFToken": csrfToken(),
      ...(init.body && !isForm ? { "Content-Type": "application/json" } : {}),
      ...init.headers,
    },
    body: isForm ? (init.body as FormData) : init.body ? JSON.stringify(init.body) : undefined,
  });
  const isJson = response.headers.get("Content-Type")?.includes("json");
  const answer = isJson ? await response.json() : null;
  if (!response.ok) throw new Refusal(response.status, answer ?? {});
  return answer as T;
}

export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly problem: {
      code?: string;
      detail?: string;
      title?: string;
      fields?: { field: string; message: string }[];
    },
  ) {
    super(problem.detail ?? problem.title ?? "");
  }
}
