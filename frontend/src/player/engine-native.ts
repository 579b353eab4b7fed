/** The browser's own HLS, for phones without Media Source Extensions. */

import type { Engine, EngineEvents, Source } from "./engine";

/** A browser may say "maybe" and show nothing: only a picture proves it. */
const PROBE = 10_000;
const EDGE = 1.5;

export class NativeEngine implements Engine {
  readonly #probe: ReturnType<typeof setTimeout>;
  readonly #stop = new AbortController();

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly source: Source,
    events: EngineEvents,
  ) {
    const { signal } = this.#stop;
    this.#probe = setTimeout(() => {
      if (video.videoWidth === 0) events.failed("unplayable");
    }, PROBE);
    video.addEventListener("error", () => events.failed("network"), { signal });
    video.addEventListener("ended", () => events.finished(), { signal });
    this.resume();
  }

  latency(): number | null {
    const { seekable, currentTime } = this.video;
    return seekable.length > 0 ? seekable.end(seekable.length - 1) - currentTime : null;
  }

  playingDate(): Date | null {
    const start = (this.video as { getStartDate?(): Date }).getStartDate?.();
    const milliseconds = start ? start.getTime() + this.video.currentTime * 1000 : NaN;
    return Number.isFinite(milliseconds) ? new Date(milliseconds) : null;
  }

  goLive(): void {
    const { seekable } = this.video;
    if (seekable.length > 0) {
      this.video.currentTime = Math.max(0, seekable.end(seekable.length - 1) - EDGE);
    }
  }

  resume(): void {
    this.video.src = this.source.url;
    this.video.load();
  }

  destroy(): void {
    clearTimeout(this.#probe);
    this.#stop.abort();
    this.video.removeAttribute("src");
    this.video.load();
  }
}
