/** Hands microphone samples to the page, in blocks of about 20 ms. Runs in the audio thread. */

declare const sampleRate: number;
declare const currentFrame: number;
declare function registerProcessor(name: string, processor: unknown): void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

const BLOCK = 1024;

class Capture extends AudioWorkletProcessor {
  #planes: Float32Array[] = [];
  #filled = 0;
  #start = 0;

  process(inputs: Float32Array[][]): boolean {
    const input = inputs[0];
    if (!input || input.length === 0) return true;
    if (this.#planes.length !== input.length) {
      this.#planes = input.map(() => new Float32Array(BLOCK));
      this.#filled = 0;
    }
    if (this.#filled === 0) this.#start = currentFrame;
    input.forEach((plane, index) => this.#planes[index]!.set(plane, this.#filled));
    this.#filled += input[0]!.length;
    if (this.#filled >= BLOCK) {
      const planes = this.#planes;
      this.port.postMessage(
        { planes, sampleRate, timestamp: (this.#start / sampleRate) * 1e6 },
        planes.map(({ buffer }) => buffer),
      );
      this.#planes = planes.map(() => new Float32Array(BLOCK));
      this.#filled = 0;
    }
    return true;
  }
}

registerProcessor("liveshop-capture", Capture);
