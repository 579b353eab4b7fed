/**
 * Puts the time stamps of one capture track on the clock of this page (microseconds since
 * `performance.timeOrigin`). Browsers start camera and microphone stamps at different zeros, so the
 * smallest delay between stamp and arrival seen so far is taken as the track's zero.
 */
export class TrackClock {
  #offset: number | null = null;

  /** Page time of a stamp that has just arrived. */
  place(timestamp: number): number {
    const offset = performance.now() * 1000 - timestamp;
    if (this.#offset === null || Math.abs(offset - this.#offset) > 5e6) {
      this.#offset = offset;
    } else if (offset < this.#offset) {
      this.#offset = offset;
    } else {
      // A late arrival moves nothing; a drifting device clock moves it slowly.
      this.#offset += Math.min(offset - this.#offset, 2_000) * 0.001;
    }
    return timestamp + this.#offset;
  }
}
