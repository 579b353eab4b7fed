/** Sends parts in order, each until it has arrived: docs/video.md, sections 1 and 2. */

import type { ProblemCode } from "./messages";
import type { Part } from "./parts";

/** Thirty seconds of parts: so long may an anchor be offline without losing a picture. */
const RING = 120;
const PUT_TIMEOUT = 6_000;
const GRANT_TIMEOUT = 10_000;
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 1_500;
/** Sessions in a row that bring nothing before the publisher gives up. */
const FRUITLESS_LIMIT = 20;

interface Grant {
  ingest_url: string;
  token: string;
  server_time_ms?: number;
}

/** `number` counts over all sessions of this publisher. */
interface Numbered extends Part {
  number: number;
}

export interface UplinkEvents {
  /** A part arrived. */
  connected(): void;
  interrupted(): void;
  /** Nothing more will be sent. */
  refused(problem: ProblemCode): void;
  /** More than the ring holds was made while offline: the oldest is lost. */
  overflowed(): void;
  keyFrameWanted(): void;
}

/** What to do after a request. */
type Step = "go on" | "pause" | "new session" | "stop";

export class Uplink {
  sentBytes = 0;
  rttMs: number | null = null;
  #init: Uint8Array | null = null;
  /** Arrived parts included, so that an origin that lost some can have them again. */
  #ring: Numbered[] = [];
  #made = 0;
  #next = 0;
  /** Part number minus sequence number in this session. */
  #shift = 0;
  #grant: Grant | null = null;
  #initArrived = false;
  #clockOffset = 0;
  #pause = FIRST_PAUSE;
  #fruitless = 0;
  #closing = false;
  #stopped = false;
  #running: Promise<void> | null = null;
  #waiting: { forPart: boolean; wake(): void } | null = null;
  #abort: AbortController | null = null;

  constructor(
    private readonly grantUrl: string,
    private readonly csrfToken: string,
    private readonly events: UplinkEvents,
  ) {}

  get queued(): number {
    return this.#ring.filter(({ number }) => number >= this.#next).length;
  }

  /** Another init than before means another session. */
  begin(init: Uint8Array): void {
    if (this.#init) {
      // Parts of the old format cannot follow the new init.
      this.#ring = [];
      this.#next = this.#made;
      this.#grant = null;
    }
    this.#init = init;
    this.#running ??= this.#run();
  }

  push(part: Part): void {
    if (this.#stopped) return;
    this.#ring.push({ ...part, number: this.#made++ });
    if (this.#ring.length > RING && this.#ring.shift()!.number >= this.#next) {
      this.#skipToKey();
      this.events.overflowed();
    }
    if (this.#waiting?.forPart) this.#waiting.wake();
  }

  /** Beside the parts, and never in their way: one that does not arrive is not sent again. */
  async sendStill(still: Blob): Promise<void> {
    if (!this.#grant || !this.#initArrived || this.#stopped) return;
    await fetch(`${this.#grant.ingest_url}still`, {
      method: "PUT",
      headers: { Authorization: `Bearer ${this.#grant.token}` },
      body: still,
      signal: AbortSignal.timeout(PUT_TIMEOUT),
    }).catch(() => undefined);
  }

  /** The network is back: do not sleep out the pause or a dead request. */
  online(): void {
    this.#pause = FIRST_PAUSE;
    this.#abort?.abort();
    this.#waiting?.wake();
  }

  /** Sends what is left, for at most `patience` ms, and tells the origin that this is the end. */
  async close(patience: number): Promise<void> {
    this.#closing = true;
    this.#waiting?.wake();
    await Promise.race([this.#running, new Promise((resolve) => setTimeout(resolve, patience))]);
    this.#stopped = true;
    this.#abort?.abort();
    this.#waiting?.wake();
    if (this.#grant && this.#initArrived) {
      await fetch(`${this.#grant.ingest_url}end`, {
        method: "POST",
        headers: { Authorization: `Bearer ${this.#grant.token}` },
        keepalive: true,
      }).catch(() => undefined);
    }
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      let step: Step;
      if (!this.#grant) {
        step = await this.#openSession();
      } else if (!this.#ring.some(({ number }) => number >= this.#next)) {
        if (this.#closing) return;
        await this.#wait(null);
        continue;
      } else if (!this.#initArrived) {
        step = await this.#sendInit(this.#grant);
      } else {
        step = await this.#sendPart(this.#grant);
      }
      if (step === "stop") return;
      if (step === "new session") this.#grant = null;
      if (step !== "go on") await this.#rest();
    }
  }

  async #openSession(): Promise<Step> {
    const before = unixNow();
    const answer = await this.#fetch(this.grantUrl, GRANT_TIMEOUT, {
      method: "POST",
      credentials: "same-origin",
      headers: { "X-CSRFToken": this.csrfToken, Accept: "application/json" },
    });
    if (!answer) return this.#failed();
    if (answer.ok) {
      const grant = (await answer.json().catch(() => null)) as Grant | null;
      if (!grant?.ingest_url) return this.#refuse("closed");
      if (!grant.ingest_url.endsWith("/")) grant.ingest_url += "/";
      if (grant.server_time_ms) this.#clockOffset = grant.server_time_ms - (before + unixNow()) / 2;
      this.#grant = grant;
      this.#initArrived = false;
      return "go on";
    }
    if (answer.status >= 500 || answer.status === 429 || answer.status === 408) {
      return this.#failed(answer);
    }
    const unknownUser = [401, 403].includes(answer.status) || answer.type === "opaqueredirect";
    return this.#refuse(unknownUser ? "signed-out" : "closed");
  }

  async #sendInit(grant: Grant): Promise<Step> {
    if (!this.#startAtKey()) {
      this.events.keyFrameWanted();
      if (this.#closing) return "stop";
      await this.#wait(null);
      return "go on";
    }
    const answer = await this.#put(grant, 0, this.#init!, {});
    if (!answer) return this.#failed();
    if (grant !== this.#grant) return "go on";
    if (!answer.ok) return this.#answered(answer);
    this.#initArrived = true;
    return "go on";
  }

  async #sendPart(grant: Grant): Promise<Step> {
    const part = this.#ring.find(({ number }) => number >= this.#next)!;
    const captured = performance.timeOrigin + part.time / 1000 + this.#clockOffset;
    const answer = await this.#put(grant, part.number - this.#shift, part.data, {
      "X-Capture-Time": String(Math.round(captured)),
    });
    if (!answer) return this.#failed();
    if (grant !== this.#grant) return "go on";
    if (!answer.ok) return this.#answered(answer);
    this.#next = part.number + 1;
    this.#fruitless = 0;
    this.events.connected();
    return "go on";
  }

  async #put(
    grant: Grant,
    sequence: number,
    body: Uint8Array,
    headers: Record<string, string>,
  ): Promise<Response | null> {
    const started = performance.now();
    const answer = await this.#fetch(grant.ingest_url + sequence, PUT_TIMEOUT, {
      method: "PUT",
      headers: { Authorization: `Bearer ${grant.token}`, ...headers },
      body: body as BufferSource,
    });
    if (answer?.ok) {
      const milliseconds = performance.now() - started;
      this.sentBytes += body.length;
      this.rttMs = this.rttMs === null ? milliseconds : this.rttMs * 0.8 + milliseconds * 0.2;
      this.#pause = FIRST_PAUSE;
    }
    return answer;
  }

  async #answered(answer: Response): Promise<Step> {
    switch (answer.status) {
      case 409:
        return this.#rewind(Number(answer.headers.get("X-Next") ?? NaN));
      case 403: {
        const problem = (await answer.json().catch(() => null)) as { code?: string } | null;
        if (problem?.code === "superseded") return this.#refuse("taken-over");
        if (problem?.code === "ended") return this.#refuse("closed");
        return this.#again();
      }
      case 404:
      case 410:
        return this.#again();
      case 413:
      case 422:
        this.#skipToKey();
        this.events.keyFrameWanted();
        return this.#again();
      default:
        return this.#failed(answer);
    }
  }

  /** The origin wants another part than we sent: go there if the ring still has it. */
  #rewind(sequence: number): Step {
    if (sequence === 0 && this.#initArrived) {
      this.#initArrived = false;
      return "go on";
    }
    const number = sequence + this.#shift;
    const first = this.#ring[0]?.number ?? this.#made;
    if (sequence > 0 && number >= first && number <= this.#made && number !== this.#next) {
      this.#initArrived = true;
      this.#next = number;
      return "go on";
    }
    return this.#again();
  }

  #again(): Step {
    this.events.interrupted();
    return ++this.#fruitless > FRUITLESS_LIMIT ? this.#refuse("closed") : "new session";
  }

  #refuse(problem: ProblemCode): Step {
    this.#stopped = true;
    this.events.refused(problem);
    return "stop";
  }

  #failed(answer?: Response): Step {
    const seconds = Number(answer?.headers.get("Retry-After") ?? NaN);
    if (seconds > 0) this.#pause = Math.min(seconds, 10) * 1000;
    this.events.interrupted();
    return "pause";
  }

  /** A session begins with a key frame: the last one that leaves nothing out, else the next. */
  #startAtKey(): boolean {
    const keys = this.#ring.filter(({ key }) => key);
    const part =
      keys.findLast(({ number }) => number <= this.#next) ??
      keys.find(({ number }) => number > this.#next);
    if (!part) return false;
    this.#next = part.number;
    this.#shift = part.number - 1;
    return true;
  }

  /** What the origin wants next cannot be had: another session goes on at a later key frame. */
  #skipToKey(): void {
    const part = this.#ring.find(({ number, key }) => key && number > this.#next);
    this.#ring = part ? this.#ring.filter(({ number }) => number >= part.number) : [];
    this.#next = part?.number ?? this.#made;
    this.#grant = null;
  }

  async #rest(): Promise<void> {
    await this.#wait(this.#pause * (0.75 + Math.random() / 2));
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }

  /** Until the next part (null), or for some milliseconds; `online` and `close` end both. */
  #wait(milliseconds: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = milliseconds === null ? 0 : setTimeout(() => wake(), milliseconds);
      const wake = () => {
        clearTimeout(timer);
        this.#waiting = null;
        resolve();
      };
      this.#waiting = { forPart: milliseconds === null, wake };
    });
  }

  /** null when nothing came back. */
  async #fetch(url: string, timeout: number, init: RequestInit): Promise<Response | null> {
    const abort = new AbortController();
    this.#abort = abort;
    const timer = setTimeout(() => abort.abort(), timeout);
    try {
      return await fetch(url, { cache: "no-store", redirect: "manual", ...init, signal: abort.signal });
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
      this.#abort = null;
    }
  }
}

function unixNow(): number {
  return performance.timeOrigin + performance.now();
}
