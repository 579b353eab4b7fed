/** What the player needs from whatever turns a playlist into pictures. */

export interface Source {
  kind: "llhls" | "hls";
  url: string;
}

/** A marker of the show in the playlist (docs/video.md, section 3). */
export interface Marker {
  id: string;
  kind: string;
  label: string;
  ref: string;
  data: unknown;
  /** Unix milliseconds of the picture it belongs to. */
  at: number;
}

export type Failure =
  /** Nothing came: the network, the server, or a stream that has not started. */
  | "network"
  /** The address is worth nothing any more: the page must bring another. */
  | "expired"
  /** This browser cannot play it. */
  | "unplayable";

export interface EngineEvents {
  failed(failure: Failure): void;
  marked(marker: Marker): void;
  /** The playlist says that the show is over. */
  finished(): void;
}

export interface Engine {
  /** Seconds from the newest media to the picture. */
  latency(): number | null;
  /** Server time of the picture. */
  playingDate(): Date | null;
  goLive(): void;
  /** Try again after a failure without losing what is buffered. */
  resume(): void;
  destroy(): void;
}
