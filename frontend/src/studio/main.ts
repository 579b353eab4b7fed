// <live-studio>: the anchor's console. The studio's other pages need only what is at the bottom.

import "../../css/room.css";
import "../../css/studio.css";
import { Chat } from "../room/chat";
import { clock, compact, fill, part, readJson, request, say } from "../room/page";
import type { Answer, ChatLine, Role, RoomEvent, Snapshot } from "../room/protocol";
import { nativeShare } from "../room/share";
import { RoomSocket } from "../room/socket";
import { fold, heardUntil, recall } from "../room/store";
import { toast } from "../shared/toast";
import { Camera } from "./camera";
import { Goods } from "./goods";
import { Selection } from "./selection";
import { type Decision, Standing } from "./standing";
import { Tools } from "./tools";

const NUMBERS_MS = 3000;

interface Numbers {
  peak_viewers: number;
  /** Different people so far; null while nobody can count them. */
  unique_viewers: number | null;
  orders: number;
  units: number;
  amount: string;
  commission: string;
  /** Pieces sold by placement. */
  sold?: Record<string, number>;
  /** Wishes for an explanation by placement, since the item was last shown. */
  asks?: Record<string, number>;
  /** What the platform decided and the anchor has not read. */
  decisions?: Decision[];
}

class LiveStudio extends HTMLElement {
  private state!: Snapshot;
  private socket!: RoomSocket;
  private goods!: Goods;
  private chat!: Chat;
  private tools!: Tools;
  private standing!: Standing;
  private sold: Record<string, number> = {};
  private asks: Record<string, number> = {};
  private readonly me = Number(this.dataset.me);

  connectedCallback(): void {
    const snapshot = readJson<Snapshot>("room-snapshot");
    if (!snapshot) return;
    this.state = snapshot;
    const { start, end, sessions, pin, sort, remove, add, search, numbers } = this.dataset as Record<
      string,
      string
    >;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new RoomSocket(`${scheme}://${location.host}/ws/rooms/${snapshot.room.id}/`, {
      sequence: () => this.state.s,
      heard: () => heardUntil(this.state),
      event: (event) => this.event(event),
      history: (lines) => this.history(lines),
      answer: (answer) => this.answer(answer),
      link: (link) => (part(this, "offline").hidden = link !== "lost"),
    });
    this.socket.offset = snapshot.now - Date.now();
    this.goods = new Goods(this, { pin, sort, remove }, {
      state: () => this.state,
      sold: () => this.sold,
      asks: () => this.asks,
      now: () => this.socket.now(),
    });
    this.chat = new Chat(this, this.me);
    this.tools = new Tools({
      root: this,
      state: () => this.state,
      now: () => this.socket.now(),
      send: (message) => this.socket.send(message),
    });
    this.standing = new Standing(this, () => location.reload());
    new Selection(part(this, "selection"), { search, add }, () => toast(say("added_toast"), "good"));
    // The crew has no camera here.
    if (!this.hasAttribute("data-over") && this.dataset.role === "anchor") {
      new Camera(this, { start, end, sessions }, () => location.reload());
    }
    part<HTMLFormElement>(this, "composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.say(part<HTMLInputElement>(this, "message"));
    });
    nativeShare(this);
    this.tabs();
    this.draw();
    this.socket.start();
    window.setInterval(() => this.tick(), 1000);
    window.setInterval(() => void this.count(numbers), NUMBERS_MS);
    void this.count(numbers);
  }

  private draw(): void {
    const { room, counts } = this.state;
    this.standing.follow(room.state);
    this.toggleAttribute("data-on-air", room.state === "LIVE" || room.state === "INTERRUPTED");
    this.dataset.room = room.state;
    this.dataset.video = this.state.video.state;
    this.goods.draw();
    this.tools.draw();
    fill(this, { viewers: compact(counts.viewers), likes: compact(counts.likes) });
    this.tick();
  }

  private event(event: RoomEvent): void {
    const topic = fold(this.state, event);
    this.tools.hear(event);
    if (event.t === "chat") {
      if (topic) this.chat.add(event);
    } else if (event.t === "chat.removed") {
      this.chat.remove(event);
    } else if (event.t === "ticker") {
      this.chat.remark(say("bought", { name: event.name, title: event.title, n: event.qty }));
    } else if (event.t === "bought") {
      this.chat.remark(say("bought_sum", { n: compact(event.n) }));
    } else if (event.t === "mod") {
      if (event.what === "standing") void this.count(this.dataset.numbers!);
    } else if (topic) this.draw();
  }

  private history(lines: ChatLine[]): void {
    const recalled = recall(this.state, lines);
    if (recalled) this.chat.recall(recalled);
    else this.chat.reset(this.state.chat);
  }

  private answer(answer: Answer): void {
    this.tools.hear(answer);
    if (answer.t === "reset") {
      this.state = answer.snapshot;
      this.chat.reset(this.state.chat);
      this.draw();
    } else if (answer.t === "error") {
      if (answer.id) this.chat.failed(`${this.me}.${answer.id}`, answer.detail);
      toast(answer.detail, "warn");
    }
  }

  private say(field: HTMLInputElement): void {
    const text = field.value.trim();
    if (!text) return;
    const nonce = crypto.randomUUID().replaceAll("-", "");
    if (!this.socket.send({ t: "chat", id: nonce, text })) {
      toast(say("offline_chat"), "warn");
      return;
    }
    const user = { id: this.me, name: this.dataset.name ?? "", role: (this.dataset.role ?? "anchor") as Role };
    this.chat.addOwn({ id: `${this.me}.${nonce}`, user, text, at: this.socket.now() });
    field.value = "";
  }

  private tick(): void {
    const { started_at, ended_at } = this.state.room;
    const until = ended_at ?? this.socket.now();
    const counts = started_at !== null && this.state.video.state !== "waiting";
    fill(this, { elapsed: counts ? clock(until - started_at) : null });
    this.goods.tick();
    this.tools.tick();
  }

  private async count(url: string): Promise<void> {
    if (document.hidden) return;
    const numbers = await request<Numbers>(url).catch(() => null);
    if (!numbers) return;
    this.showNumbers(numbers);
  }

  private showNumbers(numbers: Numbers): void {
    this.sold = numbers.sold ?? {};
    this.asks = numbers.asks ?? {};
    fill(this, {
      orders: compact(numbers.orders),
      amount: numbers.amount,
      commission: numbers.commission,
      peak: compact(numbers.peak_viewers),
      ...(numbers.unique_viewers !== null && { unique: compact(numbers.unique_viewers) }),
    });
    this.standing.show(numbers.decisions ?? []);
    this.goods.draw();
  }

  /** Phones show one of shelf, chat and tools at a time; desktops keep the chat in sight. */
  private tabs(): void {
    const tabs = [...this.querySelectorAll<HTMLElement>("[data-tab]")];
    const show = (name: string): void => {
      this.dataset.tab = name;
      for (const tab of tabs) tab.setAttribute("aria-pressed", String(tab.dataset.tab === name));
    };
    for (const tab of tabs) tab.addEventListener("click", () => show(tab.dataset.tab!));
    show("shelf");
  }
}

customElements.define("live-studio", LiveStudio);

// A time picked in the anchor's own zone travels as one moment.
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-local-time]")) {
  form.addEventListener("formdata", ({ formData }) => {
    const picked = formData.get("scheduled_at");
    if (typeof picked === "string" && picked) {
      formData.set("scheduled_at", new Date(picked).toISOString());
    }
  });
}
