/** Encoded pictures and sound → init segment and parts of a quarter of a second. */

import { type AudioTrack, type Sample, VIDEO_TIMESCALE, type VideoTrack, initSegment, mediaPart } from "./fmp4";
import type { EncodedPicture } from "./pictures";
import type { EncodedSound } from "./sound";

const PART = 250_000;
/** A hole up to this long is closed by showing a picture longer; players stumble over holes. */
const BRIDGE = 0.5 * VIDEO_TIMESCALE;
const SOUND_TOLERANCE = 0.05;
/** How long the first part waits for the microphone before it goes without. */
const SOUND_PATIENCE = 1_500_000;
const SHORTEST = VIDEO_TIMESCALE / 1000;

export interface Part {
  data: Uint8Array;
  key: boolean;
  /** Page microseconds of the first picture. */
  time: number;
}

export class PartMaker {
  #video: VideoTrack | null = null;
  #audio: AudioTrack | null = null;
  #initPrint = "";
  #sequence = 0;
  #pictures: EncodedPicture[] = [];
  #sounds: EncodedSound[] = [];
  /** Page microseconds that are zero in the media. */
  #origin: number | null = null;
  #gopStart = 0;
  #gopParts = 0;
  #interval: number;
  #lastTime = 0;
  #videoEnd = 0;
  #audioEnd: number | null = null;

  constructor(
    frameRate: number,
    private soundExpected: boolean,
    private readonly onInit: (init: Uint8Array) => void,
    private readonly onPart: (part: Part) => void,
  ) {
    this.#interval = 1e6 / frameRate;
  }

  setVideo(track: VideoTrack): void {
    this.#cut();
    this.#video = track;
  }

  setAudio(track: AudioTrack | null): void {
    this.#audio = track;
    this.#audioEnd = null;
    this.#sounds = [];
    this.soundExpected = track !== null;
  }

  addPicture(picture: EncodedPicture): void {
    if (this.#pictures.length === 0 && this.#origin === null && !picture.key) return;
    this.#origin ??= picture.time;
    if (this.#lastTime > 0) {
      const interval = Math.min(Math.max(picture.time - this.#lastTime, 10_000), 100_000);
      this.#interval += (interval - this.#interval) * 0.1;
    }
    this.#lastTime = picture.time;
    if (this.#waitsForSound(picture.time)) {
      this.#pictures.push(picture);
      return;
    }
    if (picture.key) {
      this.#cut();
      this.#gopStart = picture.time;
      this.#gopParts = 0;
    }
    this.#pictures.push(picture);
    const elapsed = picture.time + this.#interval - this.#gopStart;
    if (elapsed >= (this.#gopParts + 1) * PART - this.#interval / 2) this.#cut();
  }

  addSound(sound: EncodedSound): void {
    if (this.#origin !== null && sound.time >= this.#origin) this.#sounds.push(sound);
  }

  finish(): void {
    this.#cut();
  }

  #waitsForSound(now: number): boolean {
    if (!this.soundExpected || this.#audio) return false;
    if (now - this.#origin! < SOUND_PATIENCE) return true;
    this.soundExpected = false;
    return false;
  }

  #cut(): void {
    const video = this.#video;
    if (!video || this.#pictures.length === 0) return;
    this.#announce(video);
    const pictures = this.#pictures;
    this.#pictures = [];
    const { time, key } = pictures[0]!;
    const end = pictures.at(-1)!.time + this.#interval;
    const run = this.#videoRun(pictures, end);
    this.onPart({ data: mediaPart(++this.#sequence, run, this.#audioRun(end)), key, time });
    this.#gopParts = Math.max(this.#gopParts + 1, Math.round((end - this.#gopStart) / PART));
  }

  /** A changed track makes another init, and the publisher another session of it. */
  #announce(video: VideoTrack): void {
    const init = initSegment(video, this.#audio);
    const print = init.join();
    if (print === this.#initPrint) return;
    this.#initPrint = print;
    this.onInit(init);
  }

  #videoRun(pictures: EncodedPicture[], end: number): { start: number; samples: Sample[] } {
    const ticks = (time: number) => Math.round(((time - this.#origin!) * VIDEO_TIMESCALE) / 1e6);
    const wanted = ticks(pictures[0]!.time);
    const start = Math.abs(wanted - this.#videoEnd) < BRIDGE ? this.#videoEnd : wanted;
    let at = start;
    const samples = pictures.map((picture, index) => {
      const next = ticks(pictures[index + 1]?.time ?? end);
      const duration = Math.max(next - at, SHORTEST);
      at += duration;
      return { data: picture.data, duration, key: picture.key };
    });
    this.#videoEnd = at;
    return { start, samples };
  }

  #audioRun(end: number): { start: number; samples: Sample[] } | null {
    const audio = this.#audio;
    const later = this.#sounds.findIndex((sound) => sound.time >= end);
    const sounds = this.#sounds.splice(0, later < 0 ? this.#sounds.length : later);
    if (!audio || sounds.length === 0) return null;
    const wanted = ((sounds[0]!.time - this.#origin!) * audio.sampleRate) / 1e6;
    const off = Math.abs(wanted - (this.#audioEnd ?? -Infinity));
    const start =
      this.#audioEnd === null || off > SOUND_TOLERANCE * audio.sampleRate
        ? Math.round(wanted)
        : this.#audioEnd;
    const samples = sounds.map(({ data, duration }) => ({ data, duration, key: true }));
    this.#audioEnd = start + samples.reduce((sum, sample) => sum + sample.duration, 0);
    return { start, samples };
  }
}
