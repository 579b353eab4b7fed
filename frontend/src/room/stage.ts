// The picture and every word said about it: a viewer never looks at a frozen frame without a reason.

import type { LivePlayer, PlayerState } from "../player";
import { clock, compact, fill, part, request, say, showWhen } from "./page";
import type { Stills } from "./stills";
import type { RoomStateName, Snapshot, VideoStateName } from "./protocol";
import { unmute } from "./visit";

const REFRESH_MS = 5000;

export type Scene =
  | "plain" | "loading" | "scheduled" | "starting" | "away" | "ended" | "error" | "banned" | "suspended" | "terminated";

const SHUT: readonly Scene[] = ["ended", "banned", "suspended", "terminated"];
const OVER: readonly RoomStateName[] = ["ENDED", "REPLAY", "ARCHIVED"];

/** What the picture means now: the room's word first, then the stream's, then the player's. */
export function sceneOf(
  room: RoomStateName,
  video: VideoStateName,
  player: PlayerState | null,
): Scene {
  if (room === "SUSPENDED") return "suspended";
  if (room === "TERMINATED") return "terminated";
  if (OVER.includes(room)) return "ended";
  if (room === "DRAFT" || room === "SCHEDULED") return "scheduled";
  if (room === "INTERRUPTED" || video === "away") return "away";
  if (video === "waiting" || video === "ended") return "starting";
  if (player === "error") return "error";
  if (player === "away" || player === "ended") return "away";
  return player === "playing" || player === "behind" ? "plain" : "loading";
}

/** What the browser knows of the line; not every browser says it. */
interface Connection {
  saveData?: boolean;
  effectiveType?: string;
}

const LOW_DATA = "low-data";
const VOLUME = "volume";

export class Stage {
  private stills: Stills | null = null;
  private lowData = localStorage.getItem(LOW_DATA) === "yes";
  private banned = false;
  private unmuting = false;
  private player: LivePlayer | null = null;
  private playing: PlayerState | null = null;
  private sources: Snapshot["video"]["sources"] = [];
  private refreshed = 0;
  private starting = false;
  private readonly video: HTMLVideoElement;
  private readonly play: HTMLElement;

  constructor(
    private readonly root: HTMLElement,
    private readonly state: () => Snapshot,
    private readonly now: () => number,
  ) {
    this.video = part<HTMLVideoElement>(root, "video");
    this.play = part(root, "play");
    this.play.addEventListener("click", () => void this.video.play().catch(() => undefined));
    for (const button of root.querySelectorAll("[data-sound]")) {
      button.addEventListener("click", () => this.sound(this.video.muted));
    }
    this.video.addEventListener("volumechange", () => this.showSound());
    for (const name of ["low-data", "saver"]) {
      part(root, name).addEventListener("click", () => this.saveData(!this.lowData));
    }
    this.volume();
    this.pictureInPicture();
    part(root, "go-live").addEventListener("click", () => this.player?.goLive());
    part(root, "video-retry").addEventListener("click", () => void this.refresh());
    window.setInterval(() => this.tick(), 1000);
    this.showSound();
    this.showData();
  }

  /** The viewer comes back with the sound on: once there is a picture, ask the browser for it. */
  soundWhenPlaying(): void {
    this.unmuting = true;
  }

  /** The viewer may not be here any more: the picture goes, the reason stays. */
  shut(): void {
    this.banned = true;
    this.draw();
  }

  get muted(): boolean {
    return this.video.muted;
  }

  sound(on: boolean): void {
    this.video.muted = !on;
    if (on && this.video.paused) void this.video.play().catch(() => (this.video.muted = true));
  }

  draw(): void {
    const { room, video } = this.state();
    const scene = this.banned ? "banned" : sceneOf(room.state, video.state, this.playing);
    this.root.dataset.scene = scene;
    this.root.dataset.room = room.state;
    showWhen(part(this.root, "scenes"), scene);
    const over = SHUT.includes(scene);
    const wanted = !over && scene !== "scheduled" && video.state !== "waiting";
    if (wanted && !video.sources.length) void this.refresh();
    else if (wanted && this.lowData) void this.startStills();
    else if (wanted && !this.player) void this.start();
    else if (wanted && video.sources !== this.sources) {
      this.sources = video.sources;
      this.player?.attach(video.sources);
    }
    this.player?.setServerState(video.state);
    if (over) this.stop();
    this.tick();
  }

  drawCounts(): void {
    fill(this.root, { viewers: compact(this.state().counts.viewers) });
  }

  latency(): number | null {
    return this.player?.latency() ?? null;
  }

  private stop(): void {
    this.player?.destroy();
    this.player = null;
    this.stills?.stop();
    this.stills = null;
    this.playing = null;
  }

  private async startStills(): Promise<void> {
    if (this.stills || this.starting) return;
    this.starting = true;
    const { Stills } = await import("./stills");
    this.starting = false;
    if (!this.lowData) return this.draw();
    this.stills = new Stills(
      part<HTMLImageElement>(this.root, "still"),
      () => this.state().video.still,
      (loaded) => {
        // Without a still the poster stands; chat and shelf are what this mode is for.
        this.playing = "playing";
        if (!loaded) void this.refresh();
        this.draw();
      },
    );
  }

  /** No stream is loaded while data are saved. The choice is remembered on this device. */
  private saveData(on: boolean): void {
    this.lowData = on;
    localStorage.setItem(LOW_DATA, on ? "yes" : "no");
    this.stop();
    if (on) {
      this.video.removeAttribute("src");
      this.video.load();
    }
    part(this.root, "go-live").hidden = true;
    this.showData();
    this.draw();
  }

  private showData(): void {
    const { connection } = navigator as Navigator & { connection?: Connection };
    const slow = connection?.saveData || /2g$/.test(connection?.effectiveType ?? "");
    const offer = slow && localStorage.getItem(LOW_DATA) === null;
    this.root.dataset.data = this.lowData ? "low" : "full";
    part(this.root, "low-data").setAttribute("aria-pressed", String(this.lowData));
    const saver = part(this.root, "saver");
    saver.hidden = !this.lowData && !offer;
    showWhen(saver, this.lowData ? "low" : "offer");
  }

  private volume(): void {
    const slider = part<HTMLInputElement>(this.root, "volume");
    const kept = Number(localStorage.getItem(VOLUME) ?? 1);
    this.video.volume = kept >= 0 && kept <= 1 ? kept : 1;
    slider.addEventListener("input", () => {
      this.video.volume = slider.valueAsNumber / 100;
      localStorage.setItem(VOLUME, String(this.video.volume));
      this.sound(this.video.volume > 0);
    });
  }

  private pictureInPicture(): void {
    const button = part(this.root, "pip");
    button.hidden = !document.pictureInPictureEnabled;
    button.addEventListener("click", () => {
      const done = document.pictureInPictureElement
        ? document.exitPictureInPicture()
        : this.video.requestPictureInPicture();
      void done.catch(() => undefined);
    });
  }

  private async start(): Promise<void> {
    if (this.starting) return;
    this.starting = true;
    const { LivePlayer } = await import("../player");
    if (this.lowData || this.banned) {
      this.starting = false;
      return this.draw();
    }
    const { sources, state } = this.state().video;
    this.sources = sources;
    this.player = new LivePlayer(this.video, {
      sources,
      onState: (playing) => {
        const failed = playing === "error" && this.playing !== "error";
        this.playing = playing;
        if (this.unmuting && playing === "playing") {
          this.unmuting = false;
          void unmute(this.video);
        }
        if (failed) void this.refresh();
        part(this.root, "go-live").hidden = playing !== "behind";
        this.draw();
      },
    });
    this.starting = false;
    this.player.setServerState(state);
  }

  /** Play-out addresses are signed and expire; the page asks for fresh ones, never in a hurry. */
  private async refresh(): Promise<void> {
    const wait = this.refreshed + REFRESH_MS - Date.now();
    this.refreshed = Date.now() + Math.max(0, wait);
    if (wait > 0) await new Promise((done) => window.setTimeout(done, wait));
    const { video } = this.state();
    const fresh = await request<Snapshot["video"]>(this.root.dataset.playback!).catch(() => null);
    if (!fresh?.sources.length) return;
    video.sources = fresh.sources;
    video.still = fresh.still;
    video.state = fresh.state;
    this.draw();
  }

  private showSound(): void {
    const { muted } = this.video;
    this.root.dataset.sound = muted ? "off" : "on";
    part<HTMLInputElement>(this.root, "volume").valueAsNumber = muted ? 0 : this.video.volume * 100;
    for (const button of this.root.querySelectorAll<HTMLElement>("[data-sound]")) {
      button.setAttribute("aria-pressed", String(!muted));
      if (button.dataset.sound === "invite") button.hidden = !muted;
    }
  }

  private tick(): void {
    const { room } = this.state();
    // Some phones refuse even silent autoplay; then one clear button says so.
    const ready = this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    this.play.hidden = !(this.player && ready && this.video.paused);
    if (room.started_at !== null && (room.state === "LIVE" || room.state === "INTERRUPTED")) {
      fill(this.root, { elapsed: clock(this.now() - room.started_at) });
    }
    if (room.scheduled_at !== null && room.state === "SCHEDULED") {
      const rest = room.scheduled_at - this.now();
      const days = Math.floor(rest / 86_400_000);
      const text = days > 1 ? say("days", { n: days }) : clock(rest);
      fill(this.root, { countdown: rest > 0 ? text : say("any_moment") });
    }
  }
}
