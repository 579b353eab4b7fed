/** Microphone samples → one gapless track of AAC where the browser has it, else Opus. */

import type { AudioTrack } from "./fmp4";
import { bytes } from "./pictures";

/** A stamp that is off by more moves the track: silence is added or samples are left out. */
const TOLERANCE = 60_000;
const SILENCE_LIMIT = 10_000_000;

export interface EncodedSound {
  data: Uint8Array;
  /** Page microseconds. */
  time: number;
  /** In the track's timescale. */
  duration: number;
}

export class SoundEncoder {
  #encoder: AudioEncoder | null = null;
  #codec: "aac" | "opus" = "opus";
  #rate = 0;
  #channels = 0;
  #opening = false;
  #closed = false;
  #announced = false;
  /** Page microseconds of the first sample, and samples fed since. */
  #origin = 0;
  #fed = 0;

  constructor(
    private readonly onTrack: (track: AudioTrack) => void,
    private readonly onSound: (sound: EncodedSound) => void,
    private readonly onFailure: () => void,
  ) {}

  /** Takes the samples and closes them. `time` in page microseconds. */
  take(samples: AudioData, time: number): void {
    try {
      const channels = Math.min(2, samples.numberOfChannels);
      if (samples.sampleRate !== this.#rate || channels !== this.#channels) {
        this.#reopen(samples.sampleRate, channels);
      }
      if (this.#encoder?.state !== "configured") return;
      if (this.#fed === 0) this.#origin = time;
      const expected = this.#origin + (this.#fed / this.#rate) * 1e6;
      const gap = time - expected;
      if (gap < -TOLERANCE) return;
      if (gap > TOLERANCE) {
        if (gap > SILENCE_LIMIT) {
          this.#origin += gap;
        } else {
          this.#feed(null, Math.round((gap / 1e6) * this.#rate));
        }
      }
      this.#feed(samples, samples.numberOfFrames);
    } finally {
      samples.close();
    }
  }

  async stop(): Promise<void> {
    this.#closed = true;
    const encoder = this.#encoder;
    this.#encoder = null;
    if (encoder?.state === "configured") {
      await encoder.flush().catch(() => undefined);
      encoder.close();
    }
  }

  #feed(samples: AudioData | null, frames: number): void {
    const channels = this.#channels;
    const planes = new Float32Array(frames * channels);
    if (samples) {
      for (let channel = 0; channel < channels; channel++) {
        const plane = planes.subarray(channel * frames, (channel + 1) * frames);
        samples.copyTo(plane, { planeIndex: channel, format: "f32-planar" });
      }
    }
    const data = new AudioData({
      format: "f32-planar",
      sampleRate: this.#rate,
      numberOfChannels: channels,
      numberOfFrames: frames,
      timestamp: Math.round(this.#origin + (this.#fed / this.#rate) * 1e6),
      data: planes,
    });
    this.#encoder!.encode(data);
    data.close();
    this.#fed += frames;
  }

  #reopen(rate: number, channels: number): void {
    if (this.#opening || this.#closed) return;
    this.#opening = true;
    void this.#open(rate, channels).finally(() => {
      this.#opening = false;
    });
  }

  async #open(rate: number, channels: number): Promise<void> {
    const common = { sampleRate: rate, numberOfChannels: channels };
    const bitrate = channels === 2 ? 96_000 : 64_000;
    const aac: AudioEncoderConfig = { codec: "mp4a.40.2", bitrate, ...common };
    const opus: AudioEncoderConfig = { codec: "opus", bitrate, ...common };
    // Every player reads AAC; Opus is what remains where the browser cannot write it.
    const hasAac = await supported(aac);
    if (!hasAac && !(await supported(opus))) {
      this.#rate = rate;
      this.#channels = channels;
      this.onFailure();
      return;
    }
    if (this.#closed) return;
    this.#encoder?.close();
    const encoder = new AudioEncoder({
      output: (chunk, metadata) => this.#output(chunk, metadata),
      error: () => {
        if (encoder !== this.#encoder) return;
        this.#encoder = null;
        this.onFailure();
      },
    });
    encoder.configure(hasAac ? aac : opus);
    this.#encoder = encoder;
    this.#codec = hasAac ? "aac" : "opus";
    this.#rate = rate;
    this.#channels = channels;
    this.#fed = 0;
    this.#announced = false;
  }

  #output(chunk: EncodedAudioChunk, metadata?: EncodedAudioChunkMetadata): void {
    const rate = this.#codec === "opus" ? 48_000 : this.#rate;
    if (!this.#announced) {
      this.#announced = true;
      const description = metadata?.decoderConfig?.description;
      this.onTrack({
        codec: this.#codec,
        sampleRate: rate,
        channels: this.#channels,
        description: description ? bytes(description) : null,
      });
    }
    const data = new Uint8Array(chunk.byteLength);
    chunk.copyTo(data);
    const duration =
      this.#codec === "aac" ? 1024 : Math.round(((chunk.duration ?? 20_000) * rate) / 1e6);
    this.onSound({ data, time: chunk.timestamp, duration });
  }
}

async function supported(config: AudioEncoderConfig): Promise<boolean> {
  try {
    return (await AudioEncoder.isConfigSupported(config)).supported === true;
  } catch {
    return false;
  }
}
