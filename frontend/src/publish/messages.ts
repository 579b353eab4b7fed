/** What the page and the publishing worker tell each other. */

export type PublisherState =
  | "idle"
  | "preview"
  | "connecting"
  | "live"
  | "reconnecting"
  | "ended"
  | "refused";

/** Codes only: the page has the texts in the reader's language. */
export type ProblemCode =
  | "insecure"
  | "unsupported"
  | "no-camera"
  | "no-microphone"
  | "permission"
  | "device-busy"
  | "camera-lost"
  | "microphone-lost"
  | "hidden"
  | "taken-over"
  | "signed-out"
  | "closed"
  | "network"
  | "overflow"
  | "slow-uplink"
  | "slow-encoder"
  | "encoder";

export interface PublisherStats {
  state: PublisherState;
  /** Sent in the last second. */
  kbps: number;
  /** Encoded pictures in the last second. */
  fps: number;
  /** Since going live: camera frames that the encoder was too busy for. */
  droppedFrames: number;
  /** Parts made and not yet acknowledged; four are one second. */
  queuedParts: number;
  /** Smoothed time of one PUT; null before the first. */
  rttMs: number | null;
  /** Seconds on air. */
  seconds: number;
}

export interface Picture {
  width: number;
  height: number;
  frameRate: number;
  bitrate: number;
}

export type ToWorker =
  | { t: "video"; readable?: ReadableStream<VideoFrame>; track?: MediaStreamTrack }
  | { t: "frame"; frame: VideoFrame }
  | { t: "audio"; readable: ReadableStream<AudioData> | null }
  | { t: "samples"; planes: Float32Array[]; sampleRate: number; timestamp: number }
  | { t: "start"; grantUrl: string; csrfToken: string; picture: Picture; sound: boolean; stamp: boolean }
  | { t: "online" }
  | { t: "stop" };

export type FromWorker =
  | { t: "state"; state: PublisherState; problem?: ProblemCode }
  | { t: "problem"; problem: ProblemCode }
  | { t: "stats"; stats: PublisherStats };

/** Not in TypeScript's DOM library. */
export interface TrackProcessor<T> {
  readonly readable: ReadableStream<T>;
}
export type TrackProcessorClass = new <T>(init: {
  track: MediaStreamTrack;
  maxBufferSize?: number;
}) => TrackProcessor<T>;

/** MediaStreamTrackProcessor where this browser has it (Chromium here, Safari in workers). */
export function trackProcessor(): TrackProcessorClass | null {
  return (
    (globalThis as { MediaStreamTrackProcessor?: TrackProcessorClass }).MediaStreamTrackProcessor ??
    null
  );
}
