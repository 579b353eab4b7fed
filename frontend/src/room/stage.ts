// The picture and every word said about it: a viewer never looks at a frozen frame without a reason.

import type { LivePlayer, PlayerState } from "../player";
import { clock, compact, fill, part, request, say, showWhen } from "./page";
import type { RoomStateName, Snapshot, VideoStateName } from "./protocol";

const REFRESH_MS = 5000;

export type Scene =
  | "plain" | "loading" | "scheduled" | "starting" | "away" | "ended" | "error";

const OVER: readonly RoomStateName[] = ["ENDED", "REPLAY", "ARCHIVED"];

/** What the picture means now: the room's word first, then the stream's, then the player's. */
export function sceneOf(
  room: RoomStateName,
  video: VideoStateName,
  player: PlayerState | null,
): Scene {
  if (OVER.includes(room)) return "ended";
  if (room === "DRAFT" || room === "SCHEDULED") return "scheduled";
  if (room === "INTERRUPTED" || video === "away") return "away";
  if (video === "waiting" || video === "ended") return "starting";
  if (player === "error") return "error";
  if (player === "away" || player === "ended") return "away";
  return player === "playing" || player === "behind" ? "plain" : "loading";
}

export class Stage {
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
    part(root, "go-live").addEventListener("click", () => this.player?.goLive());
    part(root, "video-retry").addEventListener("click", () => void this.refresh());
    window.setInterval(() => this.tick(), 1000);
    this.showSound();
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
    const scene = sceneOf(room.state, video.state, this.playing);
    this.root.dataset.scene = scene;
    this.root.dataset.room = room.state;
    showWhen(part(this.root, "scenes"), scene);
    const wanted = scene !== "scheduled" && scene !== "ended" && video.state !== "waiting";
    if (wanted && !video.sources.length) void this.refresh();
    else if (wanted && !this.player) void this.start();
    else if (wanted && video.sources !== this.sources) {
      this.sources = video.sources;
      this.player?.attach(video.sources);
    }
    this.player?.setServerState(video.state);
    if (scene === "ended" && this.player) {
      this.player.destroy();
      this.player = null;
      this.playing = null;
    }
    this.tick();
  }

  drawCounts(): void {
    fill(this.root, { viewers: compact(this.state().counts.viewers) });
  }

  latency(): number | null {
    return this.player?.latency() ?? null;
  }

  private async start(): Promise<void> {
    if (this.starting) return;
    this.starting = true;
    const { LivePlayer } = await import("../player");
    const { sources, state } = this.state().video;
    this.sources = sources;
    this.player = new LivePlayer(this.video, {
      sources,
      onState: (playing) => {
        const failed = playing === "error" && this.playing !== "error";
        this.playing = playing;
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
    video.state = fresh.state;
    this.draw();
  }

  private showSound(): void {
    const { muted } = this.video;
    this.root.dataset.sound = muted ? "off" : "on";
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
      const text = days > 0 ? say("days", { n: days }) : clock(rest);
      fill(this.root, { countdown: rest > 0 ? text : say("any_moment") });
    }
  }
}
