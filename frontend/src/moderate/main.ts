// <live-moderation>: the moderators' page, made for a phone beside the show.

import "../../css/moderate.css";
import { fill, part, readJson, request, say } from "../room/page";
import type { Answer, ChatLine, RoomEvent, Snapshot } from "../room/protocol";
import { RoomSocket } from "../room/socket";
import { fold, heardUntil, recall } from "../room/store";
import { toast } from "../shared/toast";
import { Desk, type DeskState } from "./desk";
import { Lines } from "./lines";
import { Rules } from "./rules";
import { Undo } from "./undo";

const REFRESH_MS = 20_000;

class LiveModeration extends HTMLElement {
  private state!: Snapshot;
  private lines!: Lines;
  private desk!: Desk;
  private rules!: Rules;
  private undo!: Undo;
  private refreshing = 0;

  connectedCallback(): void {
    const snapshot = readJson<Snapshot>("room-snapshot");
    const desk = readJson<DeskState>("desk");
    if (!snapshot || !desk) return;
    this.state = snapshot;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new RoomSocket(`${scheme}://${location.host}/ws/rooms/${snapshot.room.id}/`, {
      sequence: () => this.state.s,
      heard: () => heardUntil(this.state),
      event: (event) => this.event(event),
      history: (lines) => this.history(lines),
      answer: (answer) => this.answer(answer),
      link: (link) => (part(this, "offline").hidden = link !== "lost"),
    });
    this.undo = new Undo(this);
    this.lines = new Lines(this, (act, line) => this.act(act, line));
    this.desk = new Desk(this, (act, body) => this.decide(act, body));
    this.rules = new Rules(this, (path, body) => this.post(path, body));
    this.lines.reset(snapshot.chat);
    this.show(desk);
    this.tabs();
    this.addEventListener("keydown", (event) => this.key(event));
    socket.start();
    window.setInterval(() => void this.refresh(), REFRESH_MS);
  }

  private event(event: RoomEvent): void {
    const topic = fold(this.state, event);
    if (event.t === "chat") topic && this.lines.add(event);
    else if (event.t === "chat.removed") this.lines.remove(event.ids ?? [], event.user);
    else if (event.t === "viewers") fill(this, { viewers: String(event.n) });
    else if (event.t === "mod") this.refreshSoon();
  }

  private history(lines: ChatLine[]): void {
    const recalled = recall(this.state, lines);
    if (!recalled) return this.lines.reset(this.state.chat);
    for (const { line, before } of recalled) this.lines.add(line, before);
  }

  private answer(answer: Answer): void {
    if (answer.t !== "reset") return;
    this.state = answer.snapshot;
    this.lines.reset(this.state.chat);
    void this.refresh();
  }

  /** A tap on a line of the chat. */
  private async act(act: string, line: ChatLine): Promise<void> {
    if (act === "remove") await this.takeOut(line.id, line.text);
    else await this.sanction(act, line.user.id, line.user.name);
  }

  /** A tap on something that waits for a decision. */
  private async decide(act: string, about: Record<string, unknown>): Promise<void> {
    const { user, name, line, text, report } = about as Record<string, never>;
    let done = true;
    if (act === "remove") done = await this.takeOut(line, text);
    else if (act === "mute" || act === "ban") done = await this.sanction(act, user, name);
    else if (act === "lift") done = !!(await this.post("lift/", about));
    else if (act !== "dismiss") done = !!(await this.post(`${act}/`, { line }));
    if (done && report !== undefined) {
      await this.post("report/", { report, upheld: act !== "dismiss" });
    }
    await this.refresh();
  }

  private async takeOut(line: string, text: string): Promise<boolean> {
    if (!(await this.post("remove/", { lines: [line] }))) return false;
    this.undo.offer(say("removed", { text }), () => this.post("bring-back/", { line }));
    return true;
  }

  private async sanction(kind: string, user: number, name: string): Promise<boolean> {
    const minutes = Number(part<HTMLSelectElement>(this, "minutes").value);
    const body = { user, kind, remove: kind === "ban", ...(kind === "mute" && { minutes }) };
    const answer = await this.post<{ sanction: { id: number } }>("sanction/", body);
    if (!answer) return false;
    this.undo.offer(say(kind, { name }), () =>
      this.post("lift/", { sanction: answer.sanction.id }),
    );
    return true;
  }

  private async post<T = object>(path: string, body: object): Promise<T | null> {
    try {
      return await request<T>(`${this.dataset.base}${path}`, { body });
    } catch (error) {
      toast(error instanceof Error && error.message ? error.message : say("not_saved"), "bad");
      return null;
    }
  }

  /** Several events of one moment are one look. */
  private refreshSoon(): void {
    clearTimeout(this.refreshing);
    this.refreshing = window.setTimeout(() => void this.refresh(), 150);
  }

  private async refresh(): Promise<void> {
    const state = await request<DeskState>(`${this.dataset.base}state/`).catch(() => null);
    if (state) this.show(state);
  }

  private show(state: DeskState): void {
    this.desk.show(state);
    this.rules.show(state);
  }

  private key(event: KeyboardEvent): void {
    const field = (event.target as HTMLElement).closest("input, select, textarea");
    if (field || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "u" && this.undo.take()) return;
    if (this.dataset.tab === "chat" && this.lines.key(event.key)) event.preventDefault();
  }

  private tabs(): void {
    const tabs = [...this.querySelectorAll<HTMLElement>("button[data-tab]")];
    for (const tab of tabs) {
      tab.addEventListener("click", () => {
        this.dataset.tab = tab.dataset.tab;
        for (const other of tabs) other.ariaPressed = String(other === tab);
      });
    }
  }
}

customElements.define("live-moderation", LiveModeration);
