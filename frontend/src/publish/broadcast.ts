/** One time on air: from the button to the last part. Lives in the worker. */

import type { FromWorker, ProblemCode, PublisherState, ToWorker } from "./messages";
import { PartMaker } from "./parts";
import { PictureEncoder } from "./pictures";
import { SoundEncoder } from "./sound";
import { Uplink } from "./uplink";

const FLUSH_PATIENCE = 4_000;
/** A second of parts waiting for so many seconds: the line is too slow for the bit rate. */
const SLOW_UPLINK = 4;
const SLOW_FOR = 3;
const LOWEST_BITRATE = 200_000;
const LESS = 0.6;
const MORE = 1.25;
/** Seconds without a queue before more is tried. */
const GOOD_FOR = 20;
const SLOW_ENCODER = 5;
const STILL_EVERY = 10_000;
/** The origin's limit: docs/video.md, section 2. */
const STILL_MAX_BYTES = 60 * 1024;

export class Broadcast {
  #state: PublisherState = "connecting";
  readonly #uplink: Uplink;
  readonly #parts: PartMaker;
  readonly #pictures: PictureEncoder;
  readonly #sound: SoundEncoder | null;
  #onAirSince = 0;
  #slowFor = 0;
  #goodFor = 0;
  #queued = 0;
  readonly #full: number;
  #stillAt = -STILL_EVERY;
  #counted = { at: performance.now(), bytes: 0, encoded: 0, dropped: 0 };
  readonly #ticking: ReturnType<typeof setInterval>;
  #ended = false;

  constructor(
    order: Extract<ToWorker, { t: "start" }>,
    private readonly tell: (message: FromWorker) => void,
  ) {
    this.#full = order.picture.bitrate;
    this.#uplink = new Uplink(order.grantUrl, order.csrfToken, {
      connected: () => {
        this.#onAirSince ||= performance.now();
        if (this.#state !== "live") this.#move("live");
      },
      interrupted: () => {
        if (this.#state === "live") this.#move("reconnecting");
        else if (this.#state === "connecting") this.tell({ t: "problem", problem: "network" });
      },
      refused: (problem) => void this.#fail(problem),
      overflowed: () => this.tell({ t: "problem", problem: "overflow" }),
      keyFrameWanted: () => this.#pictures.restart(),
    });
    this.#parts = new PartMaker(
      order.picture.frameRate,
      order.sound,
      (init) => this.#uplink.begin(init),
      (part) => this.#uplink.push(part),
    );
    this.#pictures = new PictureEncoder(
      order.picture,
      order.stamp,
      (track) => this.#parts.setVideo(track),
      (encoded) => this.#parts.addPicture(encoded),
      () => void this.#fail("encoder"),
    );
    this.#sound = order.sound
      ? new SoundEncoder(
          (track) => this.#parts.setAudio(track),
          (encoded) => this.#parts.addSound(encoded),
          () => this.#parts.setAudio(null),
        )
      : null;
    this.#ticking = setInterval(() => this.#report(), 1000);
    this.tell({ t: "state", state: this.#state });
    this.#pictures.start();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Takes the frame and closes it; `time` in page microseconds. */
  takePicture(frame: VideoFrame, time: number): void {
    this.#pictures.take(frame, time);
  }

  /** Takes the samples and closes them; `time` in page microseconds. */
  takeSound(samples: AudioData, time: number): void {
    if (this.#sound) this.#sound.take(samples, time);
    else samples.close();
  }

  online(): void {
    this.#uplink.online();
  }

  async stop(): Promise<void> {
    if (await this.#finish(FLUSH_PATIENCE)) this.#move("ended");
  }

  async #fail(problem: ProblemCode): Promise<void> {
    if (this.#ended) return;
    this.#state = "refused";
    this.tell({ t: "state", state: "refused", problem });
    await this.#finish(0);
  }

  /** false when it was finished before. */
  async #finish(patience: number): Promise<boolean> {
    if (this.#ended) return false;
    this.#ended = true;
    clearInterval(this.#ticking);
    await Promise.all([this.#pictures.stop(), this.#sound?.stop()]);
    this.#parts.finish();
    await this.#uplink.close(patience);
    return true;
  }

  #move(state: PublisherState): void {
    this.#state = state;
    this.tell({ t: "state", state });
  }

  #report(): void {
    const before = this.#counted;
    const at = performance.now();
    const seconds = (at - before.at) / 1000;
    const now = {
      at,
      bytes: this.#uplink.sentBytes,
      encoded: this.#pictures.encoded,
      dropped: this.#pictures.dropped,
    };
    this.#counted = now;
    const { queued, rttMs } = this.#uplink;
    this.tell({
      t: "stats",
      stats: {
        state: this.#state,
        kbps: Math.round(((now.bytes - before.bytes) * 8) / 1000 / seconds),
        fps: Math.round((now.encoded - before.encoded) / seconds),
        droppedFrames: now.dropped,
        queuedParts: queued,
        rttMs: rttMs === null ? null : Math.round(rttMs),
        seconds: this.#onAirSince ? Math.round((at - this.#onAirSince) / 1000) : 0,
      },
    });
    this.#suit(queued);
    void this.#still(queued);
    if (now.dropped - before.dropped > SLOW_ENCODER) {
      this.tell({ t: "problem", problem: "slow-encoder" });
    }
  }

  /** A small picture for viewers who save data, when the line has room for it. */
  async #still(queued: number): Promise<void> {
    const now = performance.now();
    if (this.#state !== "live" || queued > 1 || now - this.#stillAt < STILL_EVERY) return;
    this.#stillAt = now;
    const still = await this.#pictures.still(STILL_MAX_BYTES);
    if (still && !this.#ended) await this.#uplink.sendStill(still);
  }

  /** Fits the bit rate to the line, so that viewers stay close even to a weak one. */
  #suit(queued: number): void {
    if (this.#state !== "live") {
      // What piles up while offline leaves quickly and is no sign of a slow line.
      this.#slowFor = this.#goodFor = 0;
      return;
    }
    const slow = queued > SLOW_UPLINK && queued >= this.#queued;
    this.#slowFor = slow ? this.#slowFor + 1 : 0;
    this.#goodFor = queued > 1 ? 0 : this.#goodFor + 1;
    this.#queued = queued;
    const { bitrate } = this.#pictures;
    if (this.#slowFor >= SLOW_FOR) {
      this.#slowFor = 0;
      this.#pictures.bitrate = Math.max(LOWEST_BITRATE, bitrate * LESS);
      this.tell({ t: "problem", problem: "slow-uplink" });
    } else if (this.#goodFor >= GOOD_FOR && bitrate < this.#full) {
      this.#goodFor = 0;
      this.#pictures.bitrate = Math.min(this.#full, bitrate * MORE);
    }
  }
}
