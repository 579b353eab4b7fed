// Low-data mode: a small picture every ten seconds in place of the video.

const EVERY_MS = 10_000;

export class Stills {
  private timer = 0;

  /** `address` is the picture's URL, if there is one; `tried` hears whether it could be had. */
  constructor(
    private readonly image: HTMLImageElement,
    private readonly address: () => string | null | undefined,
    private readonly tried: (loaded: boolean) => void,
  ) {
    this.image.hidden = false;
    document.addEventListener("visibilitychange", this.look);
    this.timer = window.setInterval(this.look, EVERY_MS);
    this.look();
  }

  stop(): void {
    clearInterval(this.timer);
    document.removeEventListener("visibilitychange", this.look);
    this.image.hidden = true;
  }

  private readonly look = (): void => {
    const url = this.address();
    if (document.hidden) return;
    if (!url) return this.tried(false);
    // All viewers ask by the same names, so that a cache serves them; loaded first, so that nothing flashes.
    const next = new Image();
    next.onload = () => {
      this.image.src = next.src;
      this.tried(true);
    };
    next.onerror = () => this.tried(false);
    next.src = `${url}?t=${Math.floor(Date.now() / EVERY_MS)}`;
  };
}
