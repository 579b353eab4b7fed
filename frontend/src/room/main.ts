// <live-room>: puts the parts together. The page is readable without it; this brings it to life.

import "../../css/room.css";
import { Asks } from "./asks";
import { Board } from "./board";
import { BuySheet } from "./buy";
import { Chat } from "./chat";
import { Composer } from "./chat/composer";
import { Checkout, type Phase, type Purchase } from "./checkout";
import { fixtures } from "./fixtures";
import { keyboardLift } from "./keyboard";
import { shortcuts } from "./keys";
import { Likes } from "./likes";
import { compact, fill, part, parts, play, readJson, request, say } from "./page";
import type { Answer, ChatLine, Outgoing, Role, RoomEvent, Snapshot } from "./protocol";
import { furnish, openSheet } from "./sheet";
import { nativeShare } from "./share";
import { Shelf } from "./shelf";
import { type Link, RoomSocket } from "./socket";
import { Stage } from "./stage";
import { fold, heardUntil, recall } from "./store";
import { Ticker } from "./ticker";
import { forget, leave, visited } from "./visit";

const NOTICE_AFTER_MS = 1200;
const SAMPLED_MS = 3000;
const JOINED_MS = 1000;
const REFUSED: readonly Phase[] = ["sold_out", "limit", "price", "closed", "error", "unpaid"];

class LiveRoom extends HTMLElement {
  private state!: Snapshot;
  private socket!: RoomSocket;
  private chat!: Chat;
  private composer: Composer | null = null;
  private shelf!: Shelf;
  private stage!: Stage;
  private likes!: Likes;
  private ticker!: Ticker;
  private checkout!: Checkout;
  private buy!: BuySheet;
  private board!: Board;
  private asks!: Asks;
  private link: Link = "connecting";
  private noticeTimer = 0;
  private toastTimer = 0;
  private sampledTimer = 0;
  private joinedAt = 0;
  private me: number | null = null;
  private ownedRole: Role | null = null;

  connectedCallback(): void {
    const snapshot = readJson<Snapshot>("room-snapshot");
    if (!snapshot) return;
    this.state = snapshot;
    this.me = this.dataset.me ? Number(this.dataset.me) : null;
    const send = (message: Outgoing): boolean => this.socket.send(message);
    const state = (): Snapshot => this.state;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new RoomSocket(`${scheme}://${location.host}/ws/rooms/${snapshot.room.id}/`, {
      sequence: () => this.state.s,
      heard: () => heardUntil(this.state),
      event: (event) => this.event(event),
      history: (lines) => this.history(lines),
      answer: (answer) => this.answer(answer),
      link: (link) => this.linked(link),
    });
    this.socket.offset = snapshot.now - Date.now();
    const now = (): number => this.socket.now();
    this.stage = new Stage(this, state, now);
    this.chat = new Chat(this, this.me, {
      lines: snapshot.chat,
      tap: (line) => this.composer?.answer(line),
      menu: (line, row) => void this.lineMenu(line, row),
      retry: (id) => this.composer?.retry(id),
    });
    this.shelf = new Shelf(this, now, (text) => (part(this, "voice").textContent = text));
    this.likes = new Likes(part(this, "like"), part(this, "sky"), send);
    this.ticker = new Ticker(part(this, "ticker"));
    this.checkout = new Checkout(sessionStorage, `buy-${snapshot.room.id}`, send, (purchase) =>
      this.purchaseMoved(purchase),
    );
    this.buy = new BuySheet(part<HTMLDialogElement>(this, "buy"), state, this.checkout, now);
    const around = { root: this, state, send, now, toast: (text: string) => this.toast(text) };
    this.board = new Board(fixtures(around), state);
    this.asks = new Asks(around);
    this.controls();
    this.wideOrNarrow();
    keyboardLift(this);
    this.draw();
    this.remember();
    this.socket.start();
    this.classList.add("is-ready");
    this.openWhatWasOpen();
  }

  /** Whoever goes on to a goods page takes the room along; whoever closes it does not. */
  private remember(): void {
    const before = visited();
    if (before?.url === location.pathname && !before.muted) this.stage.soundWhenPlaying();
    forget();
    let closed = false;
    this.querySelector(".onair-leave")?.addEventListener("click", () => (closed = true));
    addEventListener("pagehide", () => {
      const { state, title } = this.state.room;
      if (closed || (state !== "LIVE" && state !== "INTERRUPTED")) return;
      const playback = this.dataset.playback!;
      leave({ url: location.pathname, playback, title, muted: this.stage.muted });
    });
  }

  disconnectedCallback(): void {
    this.socket?.stop();
  }

  private draw(): void {
    this.shelf.draw(this.state);
    this.stage.draw();
    this.stage.drawCounts();
    this.likes.show(this.state.counts.likes);
    this.buy.refresh();
    this.board.draw();
  }

  private event(event: RoomEvent): void {
    const topic = fold(this.state, event);
    this.board.hear(event);
    switch (event.t) {
      case "chat":
        if (!topic) return;
        this.chat.add(event);
        this.composer?.heard(event.id);
        return;
      case "chat.removed":
        this.chat.remove(event);
        return;
      case "likes":
        this.likes.show(event.total, event.n);
        return;
      case "joins":
        this.joined(event.names, event.n);
        return;
      case "sampled":
        this.sampled(event.shown, event.of);
        return;
      case "ticker":
        this.ticker.show(say("bought", { name: event.name, title: event.title, n: event.qty }));
        return;
      case "bought":
        this.ticker.show(say("bought_sum", { n: compact(event.n) }));
        return;
      case "stock":
        this.shelf.drawStock(this.state, event.placement);
        if (this.buy.placement === event.placement) this.buy.refresh();
        return;
    }
    if (topic === "board") {
      this.board.draw();
      this.buy.refresh();
      if (event.t === "board" && event.key === "flash") this.shelf.draw(this.state);
    } else if (topic === "counts") this.stage.drawCounts();
    else if (topic === "room" || topic === "video") this.stage.draw();
    else if (topic) {
      this.shelf.draw(this.state);
      this.buy.refresh();
    }
  }

  private history(lines: ChatLine[]): void {
    const recalled = recall(this.state, lines);
    if (recalled) this.chat.recall(recalled);
    else this.chat.reset(this.state.chat);
    for (const { id } of lines) this.composer?.heard(id);
  }

  private answer(answer: Answer): void {
    this.board.hear(answer);
    this.asks.hear(answer);
    switch (answer.t) {
      case "welcome":
        this.ownedRole = answer.you?.role ?? null;
        this.checkout.resume();
        return;
      case "reset":
        this.state = answer.snapshot;
        this.chat.reset(this.state.chat);
        this.draw();
        return;
      case "error":
        if (answer.id) this.composer?.refused(answer.id, answer.detail);
        if (!answer.key) this.toast(answer.detail);
        break;
      case "chat.held":
        this.composer?.held(answer.id, answer.detail);
        return;
      case "sanction":
        this.composer?.sanctioned(answer);
        return;
      case "reported":
        this.toast(say("reported"));
    }
    this.checkout.answer(answer);
  }

  /** A result is told even when its sheet was closed meanwhile; a refusal opens it again. */
  private purchaseMoved({ phase, wish, order }: Purchase): void {
    this.buy?.draw();
    if (!this.buy || !wish || this.buy.placement !== null) return;
    if (phase === "accepted" || phase === "paid") this.toast(say("ordered", { order }));
    else if (REFUSED.includes(phase)) this.buy.open(wish.placement);
  }

  private linked(link: Link): void {
    const before = this.link;
    this.link = link;
    clearTimeout(this.noticeTimer);
    const notice = part(this, "offline");
    if (link === "open") {
      if (!notice.hidden) this.toast(say("back"));
      notice.hidden = true;
    } else if (link === "banned") {
      notice.hidden = true;
      this.stage.shut();
    } else if (before === "open" || notice.hidden) {
      // A hiccup that heals within a moment is not worth a word.
      this.noticeTimer = window.setTimeout(() => (notice.hidden = false), NOTICE_AFTER_MS);
    }
  }

  private controls(): void {
    for (const sheet of this.querySelectorAll("dialog")) furnish(sheet);
    this.addEventListener("click", (event) => {
      const buy = (event.target as HTMLElement).closest<HTMLElement>("[data-buy]");
      if (!buy) return;
      event.preventDefault();
      part<HTMLDialogElement>(this, "shelf").close();
      this.buy.open(Number(buy.dataset.buy));
    });
    for (const open of parts(this, "shelf-open")) {
      open.addEventListener("click", () => this.showShelf());
    }
    const form = this.querySelector<HTMLFormElement>("[data-part=composer]");
    if (form && this.me !== null) {
      this.composer = new Composer(form, {
        me: this.me,
        name: this.dataset.name ?? "",
        chat: this.chat,
        role: () => this.ownRole(),
        now: () => this.socket.now(),
        send: (message) => this.socket.send(message),
        toast: (text) => this.toast(text),
        lines: () => this.state.chat,
      });
    }
    const press = (name: string) => () => parts(this, name)[0]?.click();
    shortcuts(this, {
      m: () => this.stage.sound(this.stage.muted),
      c: () => (this.querySelector<HTMLElement>("#message") ?? part(this, "chat-list")).focus(),
      s: () => this.showShelf(),
      b: () => this.querySelector<HTMLElement>(".pin-card:not([hidden]) [data-buy]")?.click(),
      l: press("like"),
      d: press("low-data"),
      p: press("pip"),
    });
    part(this, "video").addEventListener("dblclick", () => this.likes.like());
    nativeShare(this);
    const follow = this.querySelector<HTMLFormElement>("[data-part=follow]");
    follow?.addEventListener("submit", (event) => {
      event.preventDefault();
      const on = follow.dataset.following !== "true";
      const body = new FormData(follow);
      body.set("on", on ? "1" : "0");
      follow.dataset.following = String(on);
      request(follow.action, { body }).catch(() => {
        follow.dataset.following = String(!on);
        this.toast(say("not_saved"));
      });
    });
  }

  /** As a sheet, or the keyboard's place in the column that is there already. */
  private showShelf(): void {
    const column = part(this, "shelf-aside");
    if (column.contains(part(this, "shelf-body"))) column.querySelector<HTMLElement>("[data-buy]")?.focus();
    else openSheet(part<HTMLDialogElement>(this, "shelf"));
  }

  private async lineMenu(line: ChatLine, row: HTMLElement): Promise<void> {
    const { openMenu } = await import("./chat/menu");
    const may = { speak: this.composer !== null, own: line.user.id === this.me };
    openMenu(line, row, may, {
      reply: () => this.composer?.answer(line),
      mention: () => this.composer?.mention(line.user.name),
      report: (reason) => this.socket.send({ t: "report", line: line.id, reason }),
      toast: (text) => this.toast(text),
    });
  }

  /** As the server's welcome says it; before that only the anchor can be told. */
  private ownRole(): Role {
    return this.ownedRole ?? (this.me === this.state.room.anchor.id ? "anchor" : "viewer");
  }

  private joined(names: string[], count: number): void {
    const [name] = names;
    // At most one a second: faster, nobody could read them.
    if (!name || Date.now() - this.joinedAt < JOINED_MS) return;
    this.joinedAt = Date.now();
    const others = count - 1;
    const line = part(this, "joins");
    fill(line, {
      text: others > 0 ? say("joined_many", { name, n: compact(others) }) : say("joined", { name }),
    });
    play(line);
  }

  /** Said while it is so: the server repeats it each second. */
  private sampled(shown: number, of: number): void {
    const note = part(this, "sampled");
    note.hidden = shown >= of;
    fill(note, { text: say("sampled", { shown, of }) });
    clearTimeout(this.sampledTimer);
    this.sampledTimer = window.setTimeout(() => (note.hidden = true), SAMPLED_MS);
  }

  private toast(text: string): void {
    const toast = part(this, "toast");
    fill(toast, { text });
    // Shown anew each time: the last one shown lies above an open sheet.
    toast.hidePopover();
    toast.showPopover();
    clearTimeout(this.toastTimer);
    this.toastTimer = window.setTimeout(() => toast.hidePopover(), 3500);
  }

  /** Wide screens keep the shelf beside the picture; narrow ones hold it in a sheet. */
  private wideOrNarrow(): void {
    const wide = matchMedia("(min-width: 1100px)");
    const body = part(this, "shelf-body");
    const place = (): void => {
      const home = wide.matches ? part(this, "shelf-aside") : part(this, "shelf-slot");
      if (body.parentElement === home) return;
      part<HTMLDialogElement>(this, "shelf").close();
      home.append(body);
    };
    wide.addEventListener("change", place);
    place();
  }

  /** A reload in the middle of a purchase, or a sign-in for one, finds its sheet again. */
  private openWhatWasOpen(): void {
    const asked = /^#buy-(\d+)$/.exec(location.hash)?.[1];
    const kept = this.checkout.purchase;
    if (kept.wish && kept.phase !== "idle") this.buy.open(kept.wish.placement);
    else if (asked) this.buy.open(Number(asked));
    if (asked) history.replaceState(null, "", location.pathname + location.search);
  }
}

customElements.define("live-room", LiveRoom);
if (document.querySelector("room-replay")) void import("./replay");
