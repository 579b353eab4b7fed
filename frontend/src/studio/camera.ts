// The anchor's camera: permission, devices, going live and back, and what to do when something fails.

import type { ProblemCode, PublisherState, PublisherStats } from "../publish";
import { Publisher } from "../publish";
import { clock, fill, part, request, say, showWhen } from "../room/page";
import { csrfToken } from "../shared/csrf";
import { confirmed } from "../shared/dialogs";
import { toast } from "../shared/toast";

/** Problems that pass by themselves are taken back after a while. */
const PASSING: readonly ProblemCode[] = ["slow-uplink", "slow-encoder", "hidden", "network"];
const PASSED_MS = 8000;

interface Urls {
  start: string;
  end: string;
  sessions: string;
}

export class Camera {
  private readonly publisher: Publisher;
  private readonly preview: HTMLVideoElement;
  private readonly timers = new Map<ProblemCode, number>();

  constructor(
    private readonly root: HTMLElement,
    private readonly urls: Urls,
    private readonly ended: () => void,
  ) {
    this.preview = part<HTMLVideoElement>(root, "preview");
    this.publisher = new Publisher({
      preview: this.preview,
      onState: (state, problem) => this.move(state, problem),
      onStats: (stats) => this.measure(stats),
      onProblem: (problem) => this.warn(problem),
    });
    part(root, "camera-on").addEventListener("click", () => void this.open());
    part(root, "live-on").addEventListener("click", () => void this.goLive());
    part(root, "live-off").addEventListener("click", () => void this.stop());
    part(root, "mute").addEventListener("click", () => this.mute());
    part(root, "flip").addEventListener("click", () => void this.flip());
    for (const name of ["camera", "microphone"]) {
      part<HTMLSelectElement>(root, name).addEventListener("change", () => void this.open());
    }
    for (const alert of root.querySelectorAll<HTMLElement>("[data-problem] [data-again]")) {
      alert.addEventListener("click", () => void this.open());
    }
    this.move("idle");
    if (!window.isSecureContext) this.warn("insecure");
    void this.openIfAllowed();
  }

  get onAir(): boolean {
    return this.publisher.onAir;
  }

  private async open(): Promise<boolean> {
    this.clear();
    const cameraId = part<HTMLSelectElement>(this.root, "camera").value || undefined;
    const microphoneId = part<HTMLSelectElement>(this.root, "microphone").value || undefined;
    const opened = await this.publisher.open({ cameraId, microphoneId });
    if (opened) await this.listDevices();
    return opened;
  }

  /** Who has allowed the camera before sees the preview without another tap. */
  private async openIfAllowed(): Promise<void> {
    const name = "camera" as PermissionName;
    const permission = await navigator.permissions?.query({ name }).catch(() => null);
    if (permission?.state === "granted" && !this.root.hasAttribute("data-over")) await this.open();
  }

  private async listDevices(): Promise<void> {
    const { cameras, microphones } = await this.publisher.devices();
    const stream = this.preview.srcObject as MediaStream | null;
    const used = stream?.getTracks().map((track) => track.getSettings().deviceId) ?? [];
    const list = (name: string, devices: MediaDeviceInfo[]): void => {
      const select = part<HTMLSelectElement>(this.root, name);
      select.replaceChildren(
        ...devices.map(({ deviceId, label }, index) => {
          const unnamed = say(`${name}_n`, { n: index + 1 });
          return new Option(label || unnamed, deviceId, false, used.includes(deviceId));
        }),
      );
      select.disabled = devices.length === 0;
    };
    list("camera", cameras);
    list("microphone", microphones);
    part(this.root, "flip").hidden = cameras.length < 2;
    part(this.root, "devices").hidden = false;
  }

  private async flip(): Promise<void> {
    const select = part<HTMLSelectElement>(this.root, "camera");
    select.selectedIndex = (select.selectedIndex + 1) % select.length;
    await this.open();
  }

  private mute(): void {
    this.publisher.muted = !this.publisher.muted;
    part(this.root, "mute").setAttribute("aria-pressed", String(this.publisher.muted));
    this.root.dataset.muted = String(this.publisher.muted);
  }

  private async goLive(): Promise<void> {
    const button = part<HTMLButtonElement>(this.root, "live-on");
    button.setAttribute("aria-busy", "true");
    try {
      const ready = ["preview", "ended", "refused"].includes(this.publisher.state)
        ? this.preview.srcObject !== null || (await this.open())
        : await this.open();
      if (!ready) return;
      this.clear();
      await request(this.urls.start, { method: "POST" });
      await this.publisher.start(this.urls.sessions, csrfToken());
    } catch (error) {
      toast((error as Error).message || say("not_saved"), "bad");
    } finally {
      button.setAttribute("aria-busy", "false");
    }
  }

  private async stop(): Promise<void> {
    if (!(await confirmed(say("end_question")))) return;
    const button = part(this.root, "live-off");
    button.setAttribute("aria-busy", "true");
    try {
      await this.publisher.stop();
      await request(this.urls.end, { method: "POST" });
      this.publisher.close();
      this.ended();
    } catch (error) {
      toast((error as Error).message || say("not_saved"), "bad");
    } finally {
      button.setAttribute("aria-busy", "false");
    }
  }

  private move(state: PublisherState, problem?: ProblemCode): void {
    this.root.dataset.camera = state;
    showWhen(part(this.root, "camera-states"), state);
    const onAir = ["connecting", "live", "reconnecting"].includes(state);
    part(this.root, "live-on").hidden = onAir;
    part(this.root, "live-off").hidden = !onAir && !this.root.hasAttribute("data-on-air");
    part(this.root, "stats").hidden = !onAir;
    part(this.root, "mute").hidden = state === "idle";
    part(this.root, "camera-on").hidden = state !== "idle";
    if (state === "live") this.clear();
    if (problem) this.warn(problem);
  }

  private measure(stats: PublisherStats): void {
    const { kbps, fps, droppedFrames, queuedParts, rttMs } = stats;
    fill(part(this.root, "stats"), {
      kbps: String(kbps),
      fps: String(fps),
      dropped: String(droppedFrames),
      delay: rttMs === null ? "–" : String(rttMs),
      behind: queuedParts > 4 ? clock(queuedParts * 250) : null,
    });
    const good = fps >= 20 && queuedParts <= 4;
    part(this.root, "stats").dataset.health = good ? "good" : queuedParts > 12 ? "bad" : "fair";
  }

  private warn(problem: ProblemCode): void {
    const alert = this.root.querySelector<HTMLElement>(`[data-problem~="${problem}"]`);
    if (!alert) return;
    alert.hidden = false;
    if (!PASSING.includes(problem)) return;
    clearTimeout(this.timers.get(problem));
    this.timers.set(problem, window.setTimeout(() => (alert.hidden = true), PASSED_MS));
  }

  private clear(): void {
    for (const alert of this.root.querySelectorAll<HTMLElement>("[data-problem]")) {
      if (alert.dataset.problem !== "insecure") alert.hidden = true;
    }
  }
}
