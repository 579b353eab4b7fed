/** Camera frames → portrait canvas → H.264. */

import { decoderConfig } from "./avc";
import type { VideoTrack } from "./fmp4";
import type { Picture } from "./messages";
import { drawStamp } from "./stamp";

const KEY_EVERY = 1_000_000;
const QUEUE_LIMIT = 3;
/** After so long without a camera frame the last picture is sent again, so that sound goes on. */
const REPEAT_AFTER = 250_000;
const STILL_SIDE = 640;
const STILL_QUALITIES = [0.6, 0.4, 0.2];

export interface EncodedPicture {
  data: Uint8Array;
  /** Page microseconds. */
  time: number;
  key: boolean;
}

export class PictureEncoder {
  encoded = 0;
  dropped = 0;
  readonly #canvas: OffscreenCanvas;
  readonly #context: OffscreenCanvasRenderingContext2D;
  #encoder: VideoEncoder | null = null;
  #avcC = "";
  #software = false;
  #nextKey = 0;
  #last = 0;
  #repeat = 0;
  #bitrate: number;

  constructor(
    private readonly picture: Picture,
    private readonly stamp: boolean,
    private readonly onTrack: (track: VideoTrack) => void,
    private readonly onPicture: (picture: EncodedPicture) => void,
    private readonly onFailure: () => void,
  ) {
    this.#bitrate = picture.bitrate;
    this.#canvas = new OffscreenCanvas(picture.width, picture.height);
    this.#context = this.#canvas.getContext("2d", { alpha: false })!;
    this.#context.imageSmoothingQuality = "medium";
  }

  start(): void {
    const encoder = new VideoEncoder({
      output: (chunk, metadata) => this.#output(chunk, metadata),
      error: () => this.#failed(encoder),
    });
    encoder.configure(this.#config());
    this.#encoder = encoder;
    this.#nextKey = 0;
    this.#avcC = "";
    this.#repeat = setInterval(() => {
      const now = performance.now() * 1000;
      if (this.#last > 0 && now - this.#last > REPEAT_AFTER) this.#encode(now);
    }, 100) as unknown as number;
  }

  /** Takes the frame and closes it. `time` in page microseconds. */
  take(frame: VideoFrame, time: number): void {
    try {
      // Some tolerance: cameras jitter, and 30 must not become 15.
      if (time - this.#last < 600_000 / this.picture.frameRate) return;
      if (!this.#encoder || this.#encoder.encodeQueueSize > QUEUE_LIMIT) {
        this.dropped++;
        return;
      }
      this.#draw(frame);
    } finally {
      frame.close();
    }
    this.#encode(time);
  }

  /** The next picture is a key frame: a refused or lost part needs a fresh start. */
  restart(): void {
    this.#nextKey = 0;
  }

  get bitrate(): number {
    return this.#bitrate;
  }

  /** From the next picture on; resolution and stream stay the same. */
  set bitrate(bitrate: number) {
    this.#bitrate = bitrate;
    if (this.#encoder?.state !== "configured") return;
    this.#encoder.configure(this.#config());
    this.restart();
  }

  /** The last picture as a small JPEG of at most `limit` bytes; null when it cannot be had. */
  async still(limit: number): Promise<Blob | null> {
    if (!this.#last) return null;
    const { width, height } = this.picture;
    const scale = Math.min(1, STILL_SIDE / Math.max(width, height));
    const small = new OffscreenCanvas(Math.round(width * scale), Math.round(height * scale));
    small.getContext("2d", { alpha: false })!.drawImage(this.#canvas, 0, 0, small.width, small.height);
    for (const quality of STILL_QUALITIES) {
      const still = await small.convertToBlob({ type: "image/jpeg", quality }).catch(() => null);
      if (still && still.type === "image/jpeg" && still.size <= limit) return still;
    }
    return null;
  }

  async stop(): Promise<void> {
    clearInterval(this.#repeat);
    const encoder = this.#encoder;
    this.#encoder = null;
    if (encoder?.state === "configured") {
      await encoder.flush().catch(() => undefined);
      encoder.close();
    }
  }

  #config(): VideoEncoderConfig {
    const { width, height, frameRate } = this.picture;
    return {
      codec: width * height > 921_600 ? "avc1.420028" : "avc1.42001f",
      width,
      height,
      bitrate: this.#bitrate,
      framerate: frameRate,
      latencyMode: "realtime",
      avc: { format: "avc" },
      ...(this.#software ? { hardwareAcceleration: "prefer-software" as const } : {}),
    };
  }

  /** The largest centred piece of the frame that has the picture's shape. */
  #draw(frame: VideoFrame): void {
    const { width, height } = this.picture;
    const scale = Math.max(width / frame.displayWidth, height / frame.displayHeight);
    const w = width / scale;
    const h = height / scale;
    const x = (frame.displayWidth - w) / 2;
    const y = (frame.displayHeight - h) / 2;
    this.#context.drawImage(frame, x, y, w, h, 0, 0, width, height);
  }

  #encode(time: number): void {
    const encoder = this.#encoder;
    if (encoder?.state !== "configured" || encoder.encodeQueueSize > QUEUE_LIMIT) return;
    if (this.stamp) drawStamp(this.#context, performance.timeOrigin + performance.now());
    const keyFrame = time >= this.#nextKey;
    if (keyFrame) {
      // Stay on the second when on time, so that four equal parts make a segment.
      const due = this.#nextKey + KEY_EVERY;
      this.#nextKey = due > time ? due : time + KEY_EVERY;
    }
    this.#last = time;
    const frame = new VideoFrame(this.#canvas, { timestamp: Math.round(time) });
    encoder.encode(frame, { keyFrame });
    frame.close();
  }

  #output(chunk: EncodedVideoChunk, metadata?: EncodedVideoChunkMetadata): void {
    const data = new Uint8Array(chunk.byteLength);
    chunk.copyTo(data);
    const key = chunk.type === "key";
    const description = metadata?.decoderConfig?.description;
    if (description && key) {
      const avcC = decoderConfig(bytes(description), data);
      const print = avcC.join();
      if (print !== this.#avcC) {
        this.#avcC = print;
        this.onTrack({ width: this.picture.width, height: this.picture.height, avcC });
      }
    }
    this.encoded++;
    this.onPicture({ data, time: chunk.timestamp, key });
  }

  #failed(encoder: VideoEncoder): void {
    if (encoder !== this.#encoder) return;
    clearInterval(this.#repeat);
    this.#encoder = null;
    if (this.#software) {
      this.onFailure();
      return;
    }
    // Hardware encoders come and go (another program, a sleeping GPU); the software one stays.
    this.#software = true;
    this.start();
  }
}

export function bytes(source: AllowSharedBufferSource): Uint8Array {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice()
    : new Uint8Array(source).slice();
}
