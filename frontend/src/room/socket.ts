// One connection to the room that heals itself: resume by sequence number, back-off, server clock.

import type { Answer, ChatLine, Incoming, Outgoing, RoomEvent } from "./protocol";

export type Link = "connecting" | "open" | "lost" | "banned";

interface Listener {
  /** The last durable sequence number folded in. */
  sequence(): number;
  /** The server's time of the newest chat line that is known here, in ms. */
  heard(): number;
  /** Durable events arrive once and in order; the others as they come. */
  event(event: RoomEvent): void;
  /** What was said since `heard` or a moment before, oldest first: the end of a greeting. */
  history(lines: ChatLine[]): void;
  answer(answer: Answer): void;
  link(link: Link): void;
}

const ANSWERS = new Set([
  "welcome", "reset", "order.accepted", "order.paid", "sold_out", "limit", "busy",
  "closed", "error", "reported", "chat.held", "sanction", "pong", "bye", "voted", "asked",
]);
// A phone that changes networks leaves a dead line behind: it is noticed after 15 to 20 seconds.
const BEAT_MS = 2_500;
const PING_MS = 10_000;
const DEAD_MS = 5_000;
// A round trip quicker than this tells the server's clock to a tenth of a second; who has none tries again.
const GOOD_TRIP_MS = 200;
const MEASURES = 4;
const SIGNED_OUT = 4001;
const BANNED = 4003;
const NO_ROOM = 4004;
const MALFORMED = 4009;

export class RoomSocket {
  /** Server time minus device time in ms; deadlines on the page use it, never the device alone. */
  offset = 0;
  private socket: WebSocket | null = null;
  private tries = 0;
  private retryIn: number | null = null;
  private timer = 0;
  private heart = 0;
  private lastHeard = 0;
  private pinged = 0;
  private unanswered = 0;
  private measures = 0;
  private bestTrip = Infinity;
  private asking = false;
  private closed = false;

  constructor(
    private readonly url: string,
    private readonly listener: Listener,
  ) {}

  start(): void {
    addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.hurry);
    this.heart = window.setInterval(() => this.beat(), BEAT_MS);
    this.connect();
  }

  stop(): void {
    this.closed = true;
    removeEventListener("online", this.hurry);
    document.removeEventListener("visibilitychange", this.hurry);
    clearInterval(this.heart);
    clearTimeout(this.timer);
    this.socket?.close(1000);
  }

  /** False when there is no open connection; the caller keeps what must not be lost. */
  send(message: Outgoing): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  now(): number {
    return Date.now() + this.offset;
  }

  private connect(): void {
    clearTimeout(this.timer);
    this.listener.link("connecting");
    const socket = new WebSocket(`${this.url}?s=${this.listener.sequence()}&c=${this.listener.heard()}`);
    this.socket = socket;
    this.asking = true;
    this.unanswered = 0;
    // The device may have slept or set its clock: the new connection measures anew.
    this.measures = 0;
    this.bestTrip = Infinity;
    this.lastHeard = Date.now();
    socket.onmessage = (message) => {
      this.lastHeard = Date.now();
      this.read(JSON.parse(message.data as string) as Incoming[]);
    };
    socket.onclose = ({ code }) => {
      if (this.socket !== socket) return;
      this.socket = null;
      if (this.closed) return;
      if (code === SIGNED_OUT || code === MALFORMED) return location.reload();
      if (code === BANNED) {
        this.stop();
        return this.listener.link("banned");
      }
      this.listener.link("lost");
      if (code === NO_ROOM) return this.stop();
      // Full jitter, so that a restarted server is not met by every viewer at once.
      const wait = this.retryIn ?? Math.random() * Math.min(10_000, 500 * 2 ** this.tries);
      this.retryIn = null;
      this.tries += 1;
      this.timer = window.setTimeout(() => this.connect(), wait);
    };
  }

  /** Asks for what is missing, once until the answer. */
  private hello(): void {
    if (this.asking) return;
    this.asking = true;
    this.send({ t: "hello", s: this.listener.sequence(), c: this.listener.heard() });
  }

  private ping(): void {
    this.pinged = Date.now();
    this.unanswered += 1;
    this.measures += 1;
    this.send({ t: "ping" });
  }

  private read(frame: Incoming[]): void {
    if (frame[0]?.t !== "welcome") return frame.forEach((event) => this.take(event));
    const history: ChatLine[] = [];
    for (const event of frame) {
      if (event.t === "chat") history.push(event);
      else this.take(event);
    }
    if (history.length) this.listener.history(history);
  }

  private take(event: Incoming): void {
    if (ANSWERS.has(event.t)) {
      const answer = event as Answer;
      if (answer.t === "welcome") {
        this.tries = 0;
        this.asking = false;
        this.listener.link("open");
        this.ping();
      } else if (answer.t === "pong") {
        this.measure(answer.now);
      } else if (answer.t === "bye") {
        this.retryIn = answer.retry_ms;
      }
      this.listener.answer(answer);
      return;
    }
    const news = event as RoomEvent;
    if (news.s !== undefined) {
      const last = this.listener.sequence();
      if (news.s <= last) return;
      if (news.s > last + 1) {
        this.hello();
        return;
      }
    }
    this.listener.event(news);
  }

  /** The quickest round trip tells the server's clock best. */
  private measure(serverNow: number): void {
    this.unanswered -= 1;
    // Which ping is answered shows only when no other is under way.
    if (this.unanswered > 0) return;
    const trip = Date.now() - this.pinged;
    if (trip > this.bestTrip) return;
    this.bestTrip = trip;
    this.offset = serverNow + trip / 2 - Date.now();
  }

  private beat(): void {
    if (!this.socket) return;
    const unanswered = this.pinged > this.lastHeard;
    const silent = Date.now() - (unanswered ? this.pinged : this.lastHeard);
    const connecting = this.socket.readyState === WebSocket.CONNECTING;
    if ((unanswered || connecting) && silent > DEAD_MS) this.drop();
    else if (!unanswered && silent > PING_MS) this.ping();
    else if (!this.unanswered && this.measures > 0 && this.measures < MEASURES && this.bestTrip > GOOD_TRIP_MS) {
      this.ping();
    }
  }

  /** A half-open connection may never say that it is closed. */
  private drop(): void {
    const dead = this.socket;
    dead?.close(4000);
    dead?.onclose?.(new CloseEvent("close", { code: 4000 }));
  }

  private readonly hurry = (): void => {
    if (document.visibilityState === "hidden" || this.closed || this.socket) return;
    this.tries = 0;
    this.connect();
  };
}
