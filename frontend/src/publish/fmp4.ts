/** Fragmented MP4 for one H.264 and at most one audio track: what the origin and MSE both read. */

export const VIDEO_TIMESCALE = 90_000;

export interface VideoTrack {
  width: number;
  height: number;
  /** AVCDecoderConfigurationRecord. */
  avcC: Uint8Array;
}

export interface AudioTrack {
  codec: "aac" | "opus";
  /** Also the track's timescale. Opus is always 48000, whatever the microphone gives. */
  sampleRate: number;
  channels: number;
  /** AudioSpecificConfig for AAC, OpusHead (or nothing) for Opus. */
  description: Uint8Array | null;
}

/** One encoded picture or audio frame; `duration` in its track's timescale. */
export interface Sample {
  data: Uint8Array;
  duration: number;
  key: boolean;
}

/** The samples of one track in one part; `start` in the track's timescale. */
export interface Run {
  start: number;
  samples: Sample[];
}

type Bytes = Uint8Array | number[];

const VIDEO_ID = 1;
const AUDIO_ID = 2;
const KEY_FLAGS = 0x02000000;
const DELTA_FLAGS = 0x01010000;
const IDENTITY = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].flatMap(u32);

export function initSegment(video: VideoTrack, audio: AudioTrack | null): Uint8Array {
  const tracks = [videoTrak(video)];
  const defaults = [trex(VIDEO_ID)];
  if (audio) {
    tracks.push(audioTrak(audio));
    defaults.push(trex(AUDIO_ID));
  }
  return join([
    box("ftyp", text("iso6"), u32(0), text("iso6"), text("mp41"), text("avc1")),
    box("moov", mvhd(), ...tracks, box("mvex", ...defaults)),
  ]);
}

/** moof + mdat. `offset` fields point into the mdat that follows directly. */
export function mediaPart(sequence: number, video: Run, audio: Run | null): Uint8Array {
  const runs: { id: number; run: Run }[] = [{ id: VIDEO_ID, run: video }];
  if (audio && audio.samples.length > 0) runs.push({ id: AUDIO_ID, run: audio });
  const build = (offsets: number[]) =>
    box(
      "moof",
      full("mfhd", 0, 0, u32(sequence)),
      ...runs.map(({ id, run }, index) => traf(id, run, offsets[index] ?? 0)),
    );
  // The offsets depend on the size of the moof, which does not depend on the offsets.
  const size = build([]).length;
  const offsets: number[] = [];
  let offset = size + 8;
  for (const { run } of runs) {
    offsets.push(offset);
    for (const sample of run.samples) offset += sample.data.length;
  }
  const payload = runs.flatMap(({ run }) => run.samples.map((sample) => sample.data));
  return join([build(offsets), u32(offset - size), text("mdat"), ...payload]);
}

function traf(id: number, run: Run, dataOffset: number): Uint8Array {
  const entries: number[] = [];
  for (const sample of run.samples) {
    entries.push(
      ...u32(sample.duration),
      ...u32(sample.data.length),
      ...u32(sample.key ? KEY_FLAGS : DELTA_FLAGS),
    );
  }
  return box(
    "traf",
    full("tfhd", 0, 0x020000, u32(id)),
    full("tfdt", 1, 0, u64(run.start)),
    full("trun", 0, 0x000701, u32(run.samples.length), u32(dataOffset), entries),
  );
}

function mvhd(): Uint8Array {
  return full(
    "mvhd", 0, 0,
    u32(0), u32(0), u32(1000), u32(0),
    u32(0x10000), u16(0x0100), zeros(10), IDENTITY, zeros(24), u32(AUDIO_ID + 1),
  );
}

function videoTrak(track: VideoTrack): Uint8Array {
  const entry = box(
    "avc1",
    zeros(6), u16(1), zeros(16),
    u16(track.width), u16(track.height),
    u32(0x480000), u32(0x480000), u32(0), u16(1), zeros(32), u16(24), u16(0xffff),
    box("avcC", track.avcC),
  );
  return trak(VIDEO_ID, VIDEO_TIMESCALE, "vide", full("vmhd", 0, 1, zeros(8)), entry, track);
}

function audioTrak(track: AudioTrack): Uint8Array {
  const entry = box(
    track.codec === "aac" ? "mp4a" : "Opus",
    zeros(6), u16(1), zeros(8),
    u16(track.channels), u16(16), zeros(4), u16(track.sampleRate), u16(0),
    track.codec === "aac" ? esds(track) : dOps(track),
  );
  return trak(AUDIO_ID, track.sampleRate, "soun", full("smhd", 0, 0, zeros(4)), entry, null);
}

function trak(
  id: number,
  timescale: number,
  handler: "vide" | "soun",
  mediaHeader: Uint8Array,
  sampleEntry: Uint8Array,
  size: { width: number; height: number } | null,
): Uint8Array {
  const dataReference = box("dinf", full("dref", 0, 0, u32(1), full("url ", 0, 1)));
  const emptyTable = box(
    "stbl",
    full("stsd", 0, 0, u32(1), sampleEntry),
    full("stts", 0, 0, u32(0)),
    full("stsc", 0, 0, u32(0)),
    full("stsz", 0, 0, u32(0), u32(0)),
    full("stco", 0, 0, u32(0)),
  );
  return box(
    "trak",
    full(
      "tkhd", 0, 3,
      u32(0), u32(0), u32(id), u32(0), u32(0), zeros(8), u16(0), u16(0),
      u16(handler === "soun" ? 0x0100 : 0), u16(0), IDENTITY,
      u32((size?.width ?? 0) << 16), u32((size?.height ?? 0) << 16),
    ),
    box(
      "mdia",
      full("mdhd", 0, 0, u32(0), u32(0), u32(timescale), u32(0), u16(0x55c4), u16(0)),
      full("hdlr", 0, 0, u32(0), text(handler), zeros(12), text("Liveshop"), [0]),
      box("minf", mediaHeader, dataReference, emptyTable),
    ),
  );
}

function trex(id: number): Uint8Array {
  return full("trex", 0, 0, u32(id), u32(1), u32(0), u32(0), u32(0));
}

/** Both rates of an Opus track must say 48000, or Chromium refuses the segment. */
function dOps(track: AudioTrack): Uint8Array {
  const head = track.description;
  const preSkip = head && head.length >= 12 ? (head[10]! | (head[11]! << 8)) : 312;
  return box("dOps", [0, track.channels], u16(preSkip), u32(48_000), u16(0), [0]);
}

function esds(track: AudioTrack): Uint8Array {
  const config = track.description ?? audioSpecificConfig(track.sampleRate, track.channels);
  const specific = [0x05, config.length, ...config];
  const decoder = [0x04, 13 + specific.length, 0x40, 0x15, 0, 0, 0, ...u32(0), ...u32(0), ...specific];
  const body = [...u16(1), 0, ...decoder, 0x06, 1, 0x02];
  return full("esds", 0, 0, [0x03, body.length, ...body]);
}

function audioSpecificConfig(sampleRate: number, channels: number): Uint8Array {
  const rates = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000];
  const bits = (2 << 11) | (rates.indexOf(sampleRate) << 7) | (channels << 3);
  return Uint8Array.from(u16(bits));
}

function box(type: string, ...parts: Bytes[]): Uint8Array {
  const size = parts.reduce((sum, part) => sum + part.length, 8);
  return join([u32(size), text(type), ...parts]);
}

function full(type: string, version: number, flags: number, ...parts: Bytes[]): Uint8Array {
  return box(type, u32((version << 24) | flags), ...parts);
}

function join(parts: Bytes[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function u16(value: number): number[] {
  return [(value >>> 8) & 255, value & 255];
}

function u32(value: number): number[] {
  return [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

function u64(value: number): number[] {
  return [...u32(Math.floor(value / 2 ** 32)), ...u32(value % 2 ** 32)];
}

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0);
}

function text(value: string): number[] {
  return [...value].map((letter) => letter.charCodeAt(0));
}
