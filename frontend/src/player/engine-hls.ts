/** hls.js (light), tuned so that a viewer comes back to the edge by itself. */

import type { ErrorData, HlsConfig } from "hls.js";
import Hls from "hls.js/light";
import type { Engine, EngineEvents, Marker, Source } from "./engine";

const MARKER_CLASS = "liveshop.";
const MEDIA_RECOVERY_EVERY = 5_000;

const COMMON: Partial<HlsConfig> = {
  // Our fragments need no transmuxing, and a blob worker would need a wider CSP.
  enableWorker: false,
  // Markers are read from the playlist; as cues they would need a text track from a data: address.
  enableDateRangeMetadataCues: false,
  enableEmsgMetadataCues: false,
  enableID3MetadataCues: false,
  backBufferLength: 10,
  maxBufferLength: 15,
  liveSyncOnStallIncrease: 0,
  maxLiveSyncPlaybackRate: 1.15,
  playlistLoadPolicy: patience(8_000),
  manifestLoadPolicy: patience(8_000),
  fragLoadPolicy: patience(8_000),
};
const LOW_LATENCY: Partial<HlsConfig> = {
  ...COMMON,
  lowLatencyMode: true,
  // With the defaults a viewer stays seconds behind after one interruption.
  liveSyncDuration: 1.1,
  liveMaxLatencyDuration: 3.5,
};
const PLAIN: Partial<HlsConfig> = {
  ...COMMON,
  lowLatencyMode: false,
  liveSyncDurationCount: 3,
  liveMaxLatencyDurationCount: 8,
};

export class HlsEngine implements Engine {
  readonly #hls: Hls;
  #recoveredAt = -Infinity;
  #known = new Set<string>();

  constructor(
    video: HTMLVideoElement,
    private readonly source: Source,
    private readonly events: EngineEvents,
  ) {
    const hls = new Hls(source.kind === "llhls" ? LOW_LATENCY : PLAIN);
    this.#hls = hls;
    hls.on(Hls.Events.ERROR, (_, data) => this.#failed(data));
    hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => {
      for (const [id, range] of Object.entries(details.dateRanges)) {
        if (!range || this.#known.has(id) || !range.class.startsWith(MARKER_CLASS)) continue;
        this.#known.add(id);
        this.events.marked(marker(id, range.class, range.startDate, range.attr));
      }
    });
    hls.on(Hls.Events.BUFFER_EOS, () => this.events.finished());
    hls.loadSource(source.url);
    hls.attachMedia(video);
  }

  latency(): number | null {
    return this.#hls.latestLevelDetails ? this.#hls.latency : null;
  }

  playingDate(): Date | null {
    return this.#hls.playingDate;
  }

  goLive(): void {
    const position = this.#hls.liveSyncPosition;
    if (position !== null && this.#hls.media) this.#hls.media.currentTime = position;
  }

  resume(): void {
    if (this.#hls.latestLevelDetails) this.#hls.startLoad(-1);
    else this.#hls.loadSource(this.source.url);
  }

  destroy(): void {
    this.#hls.destroy();
  }

  #failed(data: ErrorData): void {
    const status = data.response?.code;
    if (status === 403 || status === 410) {
      this.events.failed("expired");
      return;
    }
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.NETWORK_ERROR) {
      this.events.failed("network");
      return;
    }
    const now = performance.now();
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && now - this.#recoveredAt > MEDIA_RECOVERY_EVERY) {
      this.#recoveredAt = now;
      this.#hls.recoverMediaError();
      return;
    }
    this.events.failed("unplayable");
  }
}

function marker(id: string, kind: string, at: Date, attributes: Partial<Record<string, string>>): Marker {
  let data: unknown = null;
  try {
    data = JSON.parse(decodeURIComponent(attributes["X-DATA"] ?? "null"));
  } catch {
    // A marker without readable data is still a place in the show.
  }
  return {
    id,
    kind: kind.slice(MARKER_CLASS.length),
    label: attributes["X-LABEL"] ?? "",
    ref: attributes["X-REF"] ?? "",
    data,
    at: at.getTime(),
  };
}

/** Few tries inside hls.js: the player's own recovery knows more about the show. */
function patience(milliseconds: number): HlsConfig["playlistLoadPolicy"] {
  const retry = { maxNumRetry: 2, retryDelayMs: 250, maxRetryDelayMs: 1_000 };
  return {
    default: {
      maxTimeToFirstByteMs: milliseconds,
      maxLoadTimeMs: milliseconds * 2,
      timeoutRetry: { ...retry, maxNumRetry: 1 },
      errorRetry: retry,
    },
  };
}
