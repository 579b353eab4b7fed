// The wire protocol of a room, as docs/realtime.md has it.

import type { Coupon } from "./deals";

export interface Money {
  minor: number;
  currency: string;
  text: string;
}

export interface Variant extends Money {
  id: number;
  label: string;
  left: number;
}

export type ItemState = "LISTED" | "PINNED" | "EXPLAINED" | "SOLD_OUT";

export interface Item {
  placement: number;
  number: number;
  state: ItemState;
  title: string;
  /** Of the goods' own page; items from before this field have none. */
  slug?: string;
  picture: { src: string; srcset?: string; alt?: string } | null;
  price: Money;
  variants: Variant[];
}

export type Role = "viewer" | "anchor" | "assistant" | "moderator" | "system";

export interface ChatLine {
  id: string;
  /** `level`: the fan level with this anchor, when there is one. */
  user: { id: number; name: string; role: Role; level?: number };
  text: string;
  at: number;
  reply?: { id: string; name: string; text: string };
  /** Users whom the line names. */
  mentions?: number[];
}

export type RoomStateName =
  | "DRAFT" | "SCHEDULED" | "LIVE" | "INTERRUPTED" | "ENDED" | "REPLAY" | "ARCHIVED"
  | "SUSPENDED" | "TERMINATED";

export type VideoStateName = "waiting" | "live" | "away" | "ended";

export interface Source {
  kind: "llhls" | "hls";
  url: string;
}

/** What hangs in the room, by key; each key's own module knows the shape of its value. */
export type Board = Record<string, unknown>;

export interface Snapshot {
  s: number;
  now: number;
  room: {
    id: number;
    slug: string;
    title: string;
    state: RoomStateName;
    started_at: number | null;
    scheduled_at: number | null;
    ended_at: number | null;
    anchor: { id: number; name: string; username: string };
  };
  items: Item[];
  pinned: number | null;
  board: Board;
  chat: ChatLine[];
  counts: { viewers: number; likes: number };
  /** `still`: a small picture renewed every 10 s, for whoever saves data. */
  video: { state: VideoStateName; sources: Source[]; still?: string | null };
}

/** Durable events carry `s` and are folded in order; the others may be lost. */
export type RoomEvent = { s?: number } & (
  | ({ t: "room.state" } & Pick<
      Snapshot["room"],
      "state" | "scheduled_at" | "started_at" | "ended_at"
    >)
  | { t: "item.listed"; item: Item }
  | { t: "item.pulled"; placement: number }
  | { t: "item.sorted"; order: number[] }
  | { t: "pin"; placement: number | null }
  | { t: "price"; placement: number; variant: number; minor: number; currency: string; text: string }
  | { t: "stock"; placement: number; variant: number; left: number; state: ItemState }
  | { t: "video"; state: VideoStateName }
  | { t: "board"; key: string; value: unknown }
  | { t: "ticker"; name: string; title: string; qty: number }
  | ({ t: "chat" } & ChatLine)
  | { t: "chat.removed"; ids?: string[]; user?: number }
  /** To the crew only: something waits for it, or was decided. */
  | { t: "mod"; what: string }
  | { t: "likes"; n: number; total: number }
  | { t: "viewers"; n: number }
  | { t: "joins"; n: number; names: string[] }
  | { t: "sampled"; shown: number; of: number }
  | { t: "poll.votes"; poll: number; votes: number[] }
  | { t: "bought"; n: number }
);

/** Answers meant for this client alone. */
export type Answer =
  | { t: "welcome"; s: number; now: number; you: { id: number; name: string; role: Role } | null }
  | { t: "reset"; snapshot: Snapshot }
  | { t: "order.accepted"; key: string; order: string; total: Money; saved?: Money | null; payment: PaymentStep }
  | { t: "order.paid"; order: string }
  | { t: "sold_out"; key: string; left: number; flash?: number; price?: Money; detail?: string }
  | { t: "limit"; key: string; detail: string; flash?: number | null }
  | { t: "price_changed"; key: string; detail: string }
  | { t: "claimed"; coupon: Coupon; expires_at: number }
  | { t: "busy"; key: string; retry_after: number }
  | { t: "closed"; key: string; detail: string }
  | { t: "error"; code: string; detail: string; key?: string; id?: string; poll?: number; coupon?: number }
  | { t: "chat.held"; id: string; text: string; detail: string }
  | {
      t: "sanction";
      kind: "mute" | "ban";
      until: number | null;
      reason: string;
      lifted: boolean;
      appeal: string;
    }
  | { t: "reported"; line: string | null }
  | { t: "voted"; poll: number; option: number }
  | { t: "asked"; placement: number }
  | { t: "pong"; now: number }
  | { t: "bye"; code: number; retry_ms: number };

export interface PaymentStep {
  state: string;
  url?: string | null;
}

export type Incoming = RoomEvent | Answer;

export interface BuyRequest {
  key: string;
  placement: number;
  variant: number;
  qty: number;
  address: number | null;
  /** The flash sale whose price is insisted on. */
  flash?: number | null;
  /** The total that the buyer saw, in minor units: the order never costs more. */
  total?: number | null;
  /** A claimed coupon; 0 for none, null for the one that saves most. */
  coupon?: number | null;
}

export type Outgoing =
  | { t: "hello"; s: number | null; c?: number }
  | { t: "chat"; id: string; text: string; reply_to?: string }
  | { t: "report"; line: string; reason: string }
  | { t: "like"; n: number }
  | { t: "vote"; poll: number; option: number }
  | { t: "ask"; placement: number }
  | ({ t: "buy" } & BuyRequest)
  | { t: "claim"; coupon: number }
  | { t: "ping" };
