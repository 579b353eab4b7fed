// The mini player: the room one came from goes on, small, while one looks at goods.

import "../../css/mini.css";
import { LivePlayer } from "../player";
import { fill, part, request, stamp } from "./page";
import type { Snapshot } from "./protocol";
import { Stills } from "./stills";
import { forget, leave, unmute, type Visit } from "./visit";

const ASK_MS = 15_000;

type Video = Snapshot["video"];

/** Docks the room; takes itself away when the show is over. */
export async function dock(visit: Visit): Promise<void> {
  const video = await ask(visit);
  if (!video || video.state === "ended" || !video.sources.length) return forget();
  const mini = stamp("t-mini");
  const picture = part<HTMLVideoElement>(mini, "video");
  part<HTMLAnchorElement>(mini, "back").href = visit.url;
  fill(mini, { title: visit.title });
  document.body.append(mini);
  mini.dataset.state = video.state;
  const stop = play(visit, mini, picture, video);
  const close = (): void => {
    clearInterval(asking);
    stop();
    mini.remove();
    forget();
  };
  const asking = window.setInterval(() => {
    void ask(visit).then((now) => {
      if (now?.state === "ended") close();
      else if (now) mini.dataset.state = now.state;
    });
  }, ASK_MS);
  part(mini, "close").addEventListener("click", close);
}

function ask({ playback }: Visit): Promise<Video | null> {
  return request<Video>(playback).catch(() => null);
}

/** Starts video or stills; returns what ends them. */
function play(visit: Visit, mini: HTMLElement, picture: HTMLVideoElement, video: Video): () => void {
  const sound = part(mini, "sound");
  const pip = part(mini, "pip");
  if (localStorage.getItem("low-data") === "yes") {
    sound.hidden = picture.hidden = true;
    const stills = new Stills(part<HTMLImageElement>(mini, "still"), () => video.still, () => {});
    return () => stills.stop();
  }
  let wanted = !visit.muted;
  const player = new LivePlayer(picture, {
    sources: video.sources,
    onState: (state) => {
      if (state !== "playing" || !wanted) return;
      wanted = false;
      void unmute(picture);
    },
  });
  const kept = Number(localStorage.getItem("volume") ?? 1);
  picture.volume = kept >= 0 && kept <= 1 ? kept : 1;
  sound.addEventListener("click", () => {
    picture.muted = !picture.muted;
    leave({ ...visit, muted: picture.muted });
  });
  picture.addEventListener("volumechange", () =>
    sound.setAttribute("aria-pressed", String(!picture.muted)),
  );
  pip.hidden = !document.pictureInPictureEnabled;
  pip.addEventListener("click", () => void picture.requestPictureInPicture().catch(() => undefined));
  return () => player.destroy();
}
