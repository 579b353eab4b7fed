/**
 * Going live from the browser.
 *
 *   const publisher = new Publisher({ preview: videoElement, onState, onStats, onProblem });
 *   await publisher.open({});            // asks for camera and microphone, shows the preview
 *   const { cameras, microphones } = await publisher.devices();
 *   await publisher.open({ cameraId });  // another camera, also while on air
 *   await publisher.start("/api/v1/streams/<key>/sessions", csrfToken);
 *   publisher.muted = true;              // silence, still a sound track
 *   await publisher.stop();              // resolves when the last part has arrived; camera stays open
 *   publisher.close();                   // lets go of the camera
 *
 * `onState(state, problem?)`: idle → preview → connecting → live ⇄ reconnecting → ended.
 * `refused` is final for this start: problem is `taken-over` (another device publishes), `closed`,
 * `signed-out` or `encoder`. In state `idle`, problem says why there is no picture: `insecure` (not
 * HTTPS), `unsupported`, `permission`, `no-camera`, `device-busy`.
 * `onProblem(code)` tells what goes on air badly: `hidden`, `camera-lost`, `microphone-lost`,
 * `no-microphone`, `network` (cannot begin yet, goes on trying), `slow-uplink` (the bit rate is being
 * lowered), `slow-encoder`, `overflow` (over 30 s offline, the oldest is lost).
 * `onStats` comes each second while on air. Codes only; texts belong to the page.
 *
 * Call `open` and `start` from a click: Firefox lets the microphone speak only after a gesture.
 * `<html data-stamp-time>` draws a clock bar code into the picture, for the latency benchmark.
 */

import { type Choice, CaptureError, Feed, obstacle, openDevices } from "./capture";
import type {
  FromWorker,
  Picture,
  ProblemCode,
  PublisherState,
  PublisherStats,
  ToWorker,
} from "./messages";

export type { ProblemCode, PublisherState, PublisherStats } from "./messages";

export interface PublisherOptions {
  preview: HTMLVideoElement | HTMLCanvasElement;
  onState?(state: PublisherState, problem?: ProblemCode): void;
  onStats?(stats: PublisherStats): void;
  onProblem?(problem: ProblemCode): void;
  picture?: Partial<Picture>;
}

export interface Devices {
  cameras: MediaDeviceInfo[];
  microphones: MediaDeviceInfo[];
}

const PICTURE: Picture = { width: 540, height: 960, frameRate: 30, bitrate: 1_280_000 };
const ON_AIR: PublisherState[] = ["connecting", "live", "reconnecting"];

export class Publisher {
  #state: PublisherState = "idle";
  #worker: Worker | null = null;
  #stream: MediaStream | null = null;
  #feed: Feed | null = null;
  #preview: HTMLVideoElement;
  #muted = false;
  #wakeLock: WakeLockSentinel | null = null;
  #ended: (() => void) | null = null;

  constructor(private readonly options: PublisherOptions) {
    const { preview } = options;
    this.#preview = preview instanceof HTMLVideoElement ? preview : document.createElement("video");
    this.#preview.muted = true;
    this.#preview.playsInline = true;
    window.addEventListener("online", this.#online);
    window.addEventListener("beforeunload", this.#warn);
    document.addEventListener("visibilitychange", this.#visibility);
  }

  get state(): PublisherState {
    return this.#state;
  }

  get onAir(): boolean {
    return ON_AIR.includes(this.#state);
  }

  get muted(): boolean {
    return this.#muted;
  }

  set muted(muted: boolean) {
    this.#muted = muted;
    for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = !muted;
  }

  /** Labels are empty until `open` was allowed once. */
  async devices(): Promise<Devices> {
    const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    return {
      cameras: all.filter(({ kind }) => kind === "videoinput"),
      microphones: all.filter(({ kind }) => kind === "audioinput"),
    };
  }

  /** false when there is no picture; the state's problem says why. Also changes devices on air. */
  async open(choice: Choice = {}): Promise<boolean> {
    const lacking = obstacle();
    if (lacking) return this.#unavailable(lacking);
    // Most phones open one camera at a time.
    this.#release();
    let stream: MediaStream;
    try {
      stream = await openDevices(choice);
    } catch (error) {
      return this.#unavailable(error instanceof CaptureError ? error.code : "no-camera");
    }
    this.#stream = stream;
    this.muted = this.#muted;
    for (const track of stream.getTracks()) {
      track.onended = () => this.#problem(track.kind === "video" ? "camera-lost" : "microphone-lost");
    }
    if (stream.getAudioTracks().length === 0) this.#problem("no-microphone");
    this.#feed = new Feed(stream, (message, transfer) => this.#tell(message, transfer));
    this.#show(stream);
    if (!this.onAir) this.#move("preview");
    return true;
  }

  /** Resolves when the worker has the order; the state tells how it goes. */
  async start(grantUrl: string, csrfToken: string): Promise<void> {
    if (this.onAir || (!this.#stream && !(await this.open()))) return;
    this.#tell({
      t: "start",
      grantUrl: new URL(grantUrl, location.href).href,
      csrfToken,
      picture: { ...PICTURE, ...this.options.picture },
      sound: this.#stream!.getAudioTracks().length > 0,
      stamp: document.documentElement.hasAttribute("data-stamp-time"),
    });
    this.#state = "connecting";
    await this.#keepAwake();
  }

  async stop(): Promise<void> {
    if (!this.onAir) return;
    const ended = new Promise<void>((resolve) => (this.#ended = resolve));
    this.#tell({ t: "stop" });
    await ended;
  }

  close(): void {
    this.#release();
    this.#worker?.terminate();
    this.#worker = null;
    window.removeEventListener("online", this.#online);
    window.removeEventListener("beforeunload", this.#warn);
    document.removeEventListener("visibilitychange", this.#visibility);
    this.#sleep();
    this.#move("idle");
  }

  #heard = ({ data }: MessageEvent<FromWorker>): void => {
    if (data.t === "stats") this.options.onStats?.(data.stats);
    else if (data.t === "problem") this.#problem(data.problem);
    else this.#move(data.state, data.problem);
  };

  #online = (): void => this.#worker?.postMessage({ t: "online" } satisfies ToWorker);

  #warn = (event: BeforeUnloadEvent): void => {
    if (this.onAir) event.preventDefault();
  };

  /** Phones stop the camera of a hidden page: the anchor must know. */
  #visibility = (): void => {
    if (!this.onAir) return;
    if (document.hidden) this.#problem("hidden");
    else void this.#keepAwake();
  };

  #tell(message: ToWorker, transfer: Transferable[] = []): void {
    if (!this.#worker) {
      this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
      this.#worker.onmessage = this.#heard;
      this.#worker.onerror = () => this.#move("refused", "unsupported");
    }
    this.#worker.postMessage(message, transfer);
  }

  #show(stream: MediaStream): void {
    const video = this.#preview;
    video.srcObject = stream;
    void video.play().catch(() => undefined);
    const canvas = this.options.preview;
    if (canvas instanceof HTMLVideoElement) return;
    const context = canvas.getContext("2d")!;
    const draw = () => {
      if (video.srcObject !== stream) return;
      const scale = Math.max(canvas.width / video.videoWidth, canvas.height / video.videoHeight);
      const [w, h] = [video.videoWidth * scale, video.videoHeight * scale];
      context.drawImage(video, (canvas.width - w) / 2, (canvas.height - h) / 2, w, h);
      video.requestVideoFrameCallback(draw);
    };
    video.requestVideoFrameCallback(draw);
  }

  #unavailable(problem: ProblemCode): false {
    if (this.onAir) this.#problem(problem);
    else this.#move("idle", problem);
    return false;
  }

  #release(): void {
    this.#feed?.close();
    this.#feed = null;
    for (const track of this.#stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    this.#stream = null;
    this.#preview.srcObject = null;
  }

  async #keepAwake(): Promise<void> {
    if (this.#wakeLock && !this.#wakeLock.released) return;
    this.#wakeLock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
  }

  #sleep(): void {
    void this.#wakeLock?.release().catch(() => undefined);
    this.#wakeLock = null;
  }

  #problem(problem: ProblemCode): void {
    this.options.onProblem?.(problem);
  }

  #move(state: PublisherState, problem?: ProblemCode): void {
    this.#state = state;
    if (!this.onAir) {
      this.#sleep();
      this.#ended?.();
      this.#ended = null;
    }
    this.options.onState?.(state, problem);
  }
}
