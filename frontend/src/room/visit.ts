// Which room the visitor has just left for a goods page, kept for this tab only.

const KEY = "room-visit";

export interface Visit {
  /** The room's own address. */
  url: string;
  playback: string;
  title: string;
  muted: boolean;
}

export function leave(visit: Visit): void {
  sessionStorage.setItem(KEY, JSON.stringify(visit));
}

export function visited(): Visit | null {
  const text = sessionStorage.getItem(KEY);
  return text ? (JSON.parse(text) as Visit) : null;
}

export function forget(): void {
  sessionStorage.removeItem(KEY);
}

/** Sound without a tap on this page: browsers grant it to some visitors; to the others it stays off. */
export async function unmute(video: HTMLVideoElement): Promise<void> {
  video.muted = false;
  try {
    await video.play();
  } catch {
    video.muted = true;
    await video.play().catch(() => undefined);
  }
}
