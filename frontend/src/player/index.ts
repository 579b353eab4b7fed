/**
 * Watching live.
 *
 *   const player = new LivePlayer(videoElement, { sources, onState, onMarker });
 *   player.setServerState("away");   // what the room's socket says about the stream
 *   player.attach(freshSources);     // new signed addresses; a good picture is not interrupted
 *   player.goLive();                 // jump to the edge ("behind")
 *   player.latency();                // seconds to the newest media, or null
 *   player.destroy();
 *
 * `onState(state, info)`, once per change:
 *   loading  no picture yet, or the picture stands (info.blocked: autoplay was refused, ask for a tap)
 *   playing  pictures are being presented
 *   behind   playing or paused, over 5 s behind the edge: offer goLive()
 *   away     the picture stands because the anchor is away; comes back by itself
 *   ended    the show is over and its last picture was shown
 *   error    info.failure: "expired" (bring new sources with attach), "unplayable", or "network" for
 *            longer than a blink; it goes on trying in the background
 * A state is never derived from what the player hopes: only presented pictures count.
 *
 * Starts muted, because browsers allow nothing else; the page unmutes by `video.muted = false` in a
 * click. `onMarker` comes when the picture reaches the marker.
 */

import type { Engine, Failure, Marker, Source } from "./engine";
import { NativeEngine } from "./engine-native";

export type { Marker, Source } from "./engine";

export type PlayerState = "loading" | "playing" | "behind" | "away" | "ended" | "error";
export type ServerState = "waiting" | "live" | "away" | "ended";

export interface PlayerInfo {
  latency: number | null;
  failure?: Failure;
  blocked: boolean;
}

export interface PlayerOptions {
  sources: Source[];
  onState(state: PlayerState, info: PlayerInfo): void;
  onMarker?(marker: Marker): void;
}

const TICK = 250;
/** Pictures come each 40 ms: after so long without one the picture stands. */
const STANDS = 1_200;
const SEEK_AFTER = 3_000;
const REBUILD_AFTER = 7_000;
const BEHIND = 5;
const FIRST_RETRY = 300;
const LONGEST_RETRY = 2_000;
const ERROR_AFTER = 6_000;

export class LivePlayer {
  #state: PlayerState | null = null;
  #sources: Source[];
  #choice = 0;
  #engine: Engine | null = null;
  /** Counts builds, so that a late import or event of an older one does nothing. */
  #build = 0;
  #server: ServerState = "live";
  #failure: Failure | null = null;
  #failingSince = 0;
  #retry = FIRST_RETRY;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #lastPicture = 0;
  #pictures = 0;
  #counted = 0;
  /** When the current attempt to bring the picture back began. */
  #attemptAt = 0;
  #sought = false;
  #finished = false;
  #blocked = false;
  #destroyed = false;
  #markers: Marker[] = [];
  readonly #ticking: ReturnType<typeof setInterval>;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly options: PlayerOptions,
  ) {
    this.#sources = options.sources;
    video.muted = true;
    video.playsInline = true;
    this.#countPictures();
    document.addEventListener("visibilitychange", this.#shown);
    window.addEventListener("online", this.#online);
    this.#ticking = setInterval(() => this.#tick(), TICK);
    void this.#start();
  }

  attach(sources: Source[]): void {
    const sameStream = sources.map(pathOf).join() === this.#sources.map(pathOf).join();
    this.#sources = sources;
    if (sameStream && (this.#state === "playing" || this.#state === "behind")) return;
    this.#choice = 0;
    this.#retry = FIRST_RETRY;
    void this.#start();
  }

  goLive(): void {
    this.#engine?.goLive();
    void this.#play();
  }

  setServerState(state: ServerState): void {
    const back = state === "live" && this.#server !== "live";
    this.#server = state;
    if (back && !this.#moves()) {
      this.#retry = FIRST_RETRY;
      this.#attempt();
      // A playlist that has ended is not read again.
      if (this.#finished) void this.#start();
      else this.#engine?.resume();
    }
    this.#tick();
  }

  latency(): number | null {
    return this.#engine?.latency() ?? null;
  }

  /** Server time of the picture, to compare with the time of an event. */
  playingDate(): Date | null {
    return this.#engine?.playingDate() ?? null;
  }

  destroy(): void {
    this.#destroyed = true;
    this.#build++;
    clearInterval(this.#ticking);
    clearTimeout(this.#retryTimer);
    document.removeEventListener("visibilitychange", this.#shown);
    window.removeEventListener("online", this.#online);
    this.#engine?.destroy();
    this.#engine = null;
  }

  async #start(): Promise<void> {
    const build = ++this.#build;
    clearTimeout(this.#retryTimer);
    this.#engine?.destroy();
    this.#engine = null;
    this.#finished = false;
    this.#attempt();
    const source = this.#sources[this.#choice % Math.max(this.#sources.length, 1)];
    if (!source) {
      this.#fail("expired");
      return;
    }
    const events = {
      failed: (failure: Failure) => {
        if (build === this.#build) this.#fail(failure);
      },
      marked: (marker: Marker) => this.#markers.push(marker),
      finished: () => {
        if (build === this.#build) this.#finished = true;
      },
    };
    if (hasMediaSource()) {
      try {
        const { HlsEngine } = await import("./engine-hls");
        if (build !== this.#build) return;
        this.#engine = new HlsEngine(this.video, source, events);
      } catch {
        if (build === this.#build) this.#fail("network");
        return;
      }
    } else if (this.video.canPlayType("application/vnd.apple.mpegurl")) {
      this.#engine = new NativeEngine(this.video, source, events);
    } else {
      this.#fail("unplayable");
      return;
    }
    await this.#play();
  }

  async #play(): Promise<void> {
    try {
      await this.video.play();
      this.#blocked = false;
    } catch (error) {
      this.#blocked = error instanceof DOMException && error.name === "NotAllowedError";
    }
  }

  #fail(failure: Failure): void {
    this.#failure = failure;
    this.#failingSince ||= performance.now();
    clearTimeout(this.#retryTimer);
    const build = this.#build;
    // Spread, so that a returning server is not met by all viewers at once.
    const pause = this.#retry * (0.6 + Math.random() * 0.8);
    this.#retryTimer = setTimeout(() => {
      if (build !== this.#build) return;
      this.#attempt();
      // An address that died, or media that does not play, is not worth another request.
      if (failure === "network" && this.#engine) this.#engine.resume();
      else {
        if (failure === "unplayable") this.#choice++;
        void this.#start();
      }
    }, pause);
    this.#retry = Math.min(this.#retry * 2, LONGEST_RETRY);
    this.#tick();
  }

  #tick(): void {
    if (this.#destroyed) return;
    const now = performance.now();
    if (this.#pictures !== this.#counted) {
      this.#counted = this.#pictures;
      this.#lastPicture = now;
      this.#failure = null;
      this.#failingSince = 0;
      this.#retry = FIRST_RETRY;
      this.#sought = false;
      this.#attemptAt = now;
      this.#blocked = false;
    }
    this.#announceMarkers();
    // A hidden page presents nothing, and that says nothing.
    if (document.hidden) return;
    this.#revive(now);
    this.#move(this.#judge(now));
  }

  /** A picture that should move and does not is first sought, then loaded anew. */
  #revive(now: number): void {
    if (this.#moves() || this.#finished || this.#failure || this.video.paused) return;
    if (this.#server !== "live") return;
    const waited = now - this.#attemptAt;
    if (waited > REBUILD_AFTER) void this.#start();
    else if (waited > SEEK_AFTER && !this.#sought && this.#lastPicture > 0) {
      this.#sought = true;
      this.#engine?.goLive();
    }
  }

  #judge(now: number): PlayerState {
    if (this.#finished && (this.video.ended || !this.#moves())) return "ended";
    if (this.#moves() || (this.video.paused && this.#lastPicture > 0 && !this.#blocked)) {
      return (this.latency() ?? 0) > BEHIND ? "behind" : this.#moves() ? "playing" : this.#paused();
    }
    if (this.#server === "away") return "away";
    if (this.#server === "ended") return "ended";
    const failing = this.#failingSince > 0 ? now - this.#failingSince : 0;
    if (this.#failure && (this.#failure !== "network" || failing > ERROR_AFTER)) return "error";
    return "loading";
  }

  /** Paused by the viewer a moment ago. */
  #paused(): PlayerState {
    return this.#state === "playing" || this.#state === "behind" ? this.#state : "loading";
  }

  #moves(): boolean {
    return this.#lastPicture > 0 && performance.now() - this.#lastPicture < STANDS;
  }

  #move(state: PlayerState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.options.onState(state, {
      latency: this.latency(),
      blocked: this.#blocked,
      ...(this.#failure ? { failure: this.#failure } : {}),
    });
  }

  #attempt(): void {
    this.#attemptAt = performance.now();
    this.#sought = false;
  }

  #announceMarkers(): void {
    const date = this.#markers.length > 0 ? this.playingDate()?.getTime() : undefined;
    if (date === undefined) return;
    const reached = this.#markers.filter(({ at }) => at <= date);
    if (reached.length === 0) return;
    this.#markers = this.#markers.filter(({ at }) => at > date);
    for (const marker of reached) this.options.onMarker?.(marker);
  }

  #countPictures(): void {
    const { video } = this;
    if ("requestVideoFrameCallback" in video) {
      const presented = () => {
        this.#pictures++;
        if (!this.#destroyed) video.requestVideoFrameCallback(presented);
      };
      video.requestVideoFrameCallback(presented);
    } else {
      (video as HTMLVideoElement).addEventListener("timeupdate", () => this.#pictures++);
    }
  }

  /** Back from another tab: judge afresh, the pictures begin now. */
  #shown = (): void => {
    if (document.hidden) return;
    this.#attempt();
    if (!this.video.paused || this.#state !== null) void this.#play();
  };

  #online = (): void => {
    this.#retry = FIRST_RETRY;
    if (this.#failure) this.#fail(this.#failure);
  };
}

/** The address without its token, to tell a renewed one from another stream. */
function pathOf({ url }: Source): string {
  return new URL(url, location.href).pathname.split("/").slice(3).join("/");
}

function hasMediaSource(): boolean {
  const Class =
    globalThis.MediaSource ?? (globalThis as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource;
  return Class?.isTypeSupported?.('video/mp4; codecs="avc1.42001f"') ?? false;
}
