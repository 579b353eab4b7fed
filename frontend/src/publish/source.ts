/** One capture track as it arrives in the worker; a newly chosen device replaces the old one. */

import { TrackClock } from "./clock";

interface Stamped {
  readonly timestamp: number;
  close(): void;
}

export class Source<T extends Stamped> {
  #reader: ReadableStreamDefaultReader<T> | null = null;
  #clock = new TrackClock();

  /** `deliver` owns what it is given; `time` in page microseconds. */
  constructor(private readonly deliver: (value: T, time: number) => void) {}

  take(value: T): void {
    this.deliver(value, this.#clock.place(value.timestamp));
  }

  /** Reads until the stream ends or another one takes its place; null stops. */
  async follow(stream: ReadableStream<T> | null): Promise<void> {
    const previous = this.#reader;
    const reader = stream?.getReader() ?? null;
    this.#reader = reader;
    this.#clock = new TrackClock();
    void previous?.cancel().catch(() => undefined);
    while (reader && reader === this.#reader) {
      const { value } = await reader.read().catch(() => ({ value: undefined }));
      if (!value) return;
      if (reader === this.#reader) this.take(value);
      else value.close();
    }
  }
}
