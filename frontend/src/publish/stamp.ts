/** A bar code of the wall clock in the picture, for the latency benchmark. Never on by itself. */

export const STAMP_BITS = 36;
const CELL = 12;
const HEIGHT = 24;

/** 32 bits of unix milliseconds, Gray-coded against torn reads, and 4 bits of checksum. */
export function drawStamp(context: OffscreenCanvasRenderingContext2D, unixMs: number): void {
  const value = Math.floor(unixMs) % 2 ** 32;
  const gray = (value ^ (value >>> 1)) >>> 0;
  context.fillStyle = "#000";
  context.fillRect(0, 0, (STAMP_BITS + 2) * CELL, HEIGHT);
  context.fillStyle = "#fff";
  for (let bit = 0; bit < 32; bit++) {
    if ((gray >>> (31 - bit)) & 1) context.fillRect((bit + 1) * CELL, 0, CELL, HEIGHT);
  }
  let sum = 0;
  for (let nibble = 0; nibble < 8; nibble++) sum ^= (gray >>> (nibble * 4)) & 15;
  sum ^= 0b1010;
  for (let bit = 0; bit < 4; bit++) {
    if ((sum >>> (3 - bit)) & 1) context.fillRect((bit + 33) * CELL, 0, CELL, HEIGHT);
  }
}
