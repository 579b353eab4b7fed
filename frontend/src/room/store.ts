// The room as this viewer knows it: a fold of events over a snapshot. Pure: no DOM, no clock.

import type { ChatLine, Item, RoomEvent, Snapshot, Variant } from "./protocol";

export const CHAT_KEPT = 120;
/** The server never tells more of what was said than this. */
const HISTORY = 50;
/** It begins this long before the newest line known, which may have come out of order. */
const OVERLAP_MS = 1000;

/** What a change touches, so that only those parts of the page are drawn again. */
export type Topic = "room" | "items" | "pin" | "stock" | "chat" | "counts" | "video" | "board" | "removed";

export function findItem(state: Snapshot, placement: number | null): Item | undefined {
  return placement === null ? undefined : state.items.find((item) => item.placement === placement);
}

export function findVariant(item: Item | undefined, id: number): Variant | undefined {
  return item?.variants.find((variant) => variant.id === id);
}

export function leftOf(item: Item): number {
  return item.variants.reduce((sum, variant) => sum + Math.max(0, variant.left), 0);
}

/** The variant a hurried buyer gets: the first one in stock, else the first. */
export function defaultVariant(item: Item): Variant | undefined {
  return item.variants.find((variant) => variant.left > 0) ?? item.variants[0];
}

/** Until when the chat is known, in the server's ms. */
export function heardUntil(state: Snapshot): number {
  return state.chat.reduce((latest, { at }) => Math.max(latest, at), 0) || state.now;
}

/** A line that was not known, and the known one that comes after it. */
export interface Recalled {
  line: ChatLine;
  before?: string;
}

/**
 * Puts lines of the server's history, oldest first, to their places in time. Returns the new ones; null when
 * others may have been said between them and what was known here: then only the history is left.
 */
export function recall(state: Snapshot, lines: ChatLine[]): Recalled[] | null {
  if (lines.length >= HISTORY && lines[0]!.at > heardUntil(state) - OVERLAP_MS) {
    state.chat = lines.map(lineOf);
    return null;
  }
  const known = new Set(state.chat.map(({ id }) => id));
  const fresh = lines.filter(({ id }) => !known.has(id)).map(lineOf);
  const recalled = fresh.map((line) => {
    let place = state.chat.length;
    while (place > 0 && state.chat[place - 1]!.at > line.at) place -= 1;
    const before = state.chat[place]?.id;
    state.chat.splice(place, 0, line);
    return { line, before };
  });
  trim(state);
  return recalled;
}

/** Applies one event in place. Returns what it touched; null when it changes nothing kept here. */
export function fold(state: Snapshot, event: RoomEvent): Topic | null {
  if (event.s !== undefined) state.s = event.s;
  switch (event.t) {
    case "room.state": {
      const { state: name, scheduled_at, started_at, ended_at } = event;
      Object.assign(state.room, { state: name, scheduled_at, started_at, ended_at });
      return "room";
    }
    case "item.listed": {
      const index = state.items.findIndex((item) => item.placement === event.item.placement);
      if (index < 0) state.items.push(event.item);
      else state.items[index] = event.item;
      return "items";
    }
    case "item.pulled":
      state.items = state.items.filter((item) => item.placement !== event.placement);
      if (state.pinned === event.placement) state.pinned = null;
      return "items";
    case "item.sorted": {
      const place = new Map(event.order.map((placement, index) => [placement, index]));
      const last = event.order.length;
      state.items.sort(
        (a, b) => (place.get(a.placement) ?? last) - (place.get(b.placement) ?? last),
      );
      return "items";
    }
    case "pin": {
      for (const item of state.items) {
        if (item.placement === event.placement) {
          if (item.state !== "SOLD_OUT") item.state = "PINNED";
        } else if (item.state === "PINNED") item.state = "EXPLAINED";
      }
      state.pinned = event.placement;
      return "pin";
    }
    case "price": {
      const item = findItem(state, event.placement);
      const variant = findVariant(item, event.variant);
      if (!item || !variant) return null;
      const { minor, currency, text } = event;
      Object.assign(variant, { minor, currency, text });
      item.price = lowest(item);
      return "items";
    }
    case "stock": {
      const item = findItem(state, event.placement);
      const variant = findVariant(item, event.variant);
      if (!item || !variant) return null;
      variant.left = event.left;
      item.state = event.state;
      return "stock";
    }
    case "video":
      state.video.state = event.state;
      return "video";
    case "board":
      if (event.value === null) delete state.board[event.key];
      else state.board[event.key] = event.value;
      return "board";
    case "chat":
      if (state.chat.some((line) => line.id === event.id)) return null;
      state.chat.push(lineOf(event));
      trim(state);
      return "chat";
    case "chat.removed":
      state.chat = state.chat.filter(
        ({ id, user }) => !event.ids?.includes(id) && user.id !== event.user,
      );
      return "removed";
    case "likes":
      state.counts.likes = event.total;
      return "counts";
    case "viewers":
      state.counts.viewers = event.n;
      return "counts";
    default:
      return null;
  }
}

function trim({ chat }: Snapshot): void {
  if (chat.length > CHAT_KEPT) chat.splice(0, chat.length - CHAT_KEPT);
}

/** The line without what only the wire needs. */
function lineOf({ id, user, text, at, reply, mentions }: ChatLine): ChatLine {
  return { id, user, text, at, ...(reply && { reply }), ...(mentions && { mentions }) };
}

function lowest(item: Item): Item["price"] {
  const cheapest = item.variants.reduce((a, b) => (b.minor < a.minor ? b : a));
  return { minor: cheapest.minor, currency: cheapest.currency, text: cheapest.text };
}
