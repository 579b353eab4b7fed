// The replay: chapters are the items in the order they were shown; a tap jumps to the moment.

import { LivePlayer } from "../player";
import { clock, fill, part, request } from "./page";

interface Place {
  kind: string;
  ref: string;
  offset_ms: number;
}

class RoomReplay extends HTMLElement {
  private readonly chapters = [...this.querySelectorAll<HTMLElement>("[data-offset]")];

  connectedCallback(): void {
    const { source, places } = this.dataset;
    if (!source) return;
    const video = part<HTMLVideoElement>(this, "video");
    video.removeAttribute("src");
    const player = new LivePlayer(video, { sources: [{ kind: "hls", url: source }], onState: () => {} });
    player.setServerState("ended");
    for (const chapter of this.chapters) {
      const jump = part(chapter, "jump");
      jump.hidden = false;
      fill(chapter, { at: clock(Number(chapter.dataset.offset)) });
      jump.addEventListener("click", () => {
        video.currentTime = Number(chapter.dataset.offset) / 1000;
        void video.play();
        video.scrollIntoView({ block: "nearest" });
      });
    }
    video.addEventListener("timeupdate", () => this.follow(video.currentTime * 1000));
    if (places) void this.place(places, video);
  }

  /** The recording knows the exact places, also across interruptions. */
  private async place(url: string, video: HTMLVideoElement): Promise<void> {
    const found = await request<{ chapters: Place[] }>(url).catch(() => null);
    const pins = found?.chapters.filter(({ kind }) => kind === "pin") ?? [];
    for (const chapter of this.chapters) {
      const index = pins.findIndex(({ ref }) => ref === chapter.dataset.placement);
      const [pin] = index < 0 ? [] : pins.splice(index, 1);
      if (!pin) continue;
      chapter.dataset.offset = String(pin.offset_ms);
      fill(chapter, { at: clock(pin.offset_ms) });
    }
    this.follow(video.currentTime * 1000);
  }

  private follow(now: number): void {
    let current: HTMLElement | null = null;
    for (const chapter of this.chapters) {
      if (Number(chapter.dataset.offset) <= now + 250) current = chapter;
    }
    for (const chapter of this.chapters) {
      chapter.toggleAttribute("data-current", chapter === current);
      part(chapter, "jump").setAttribute("aria-current", String(chapter === current));
    }
  }
}

customElements.define("room-replay", RoomReplay);
