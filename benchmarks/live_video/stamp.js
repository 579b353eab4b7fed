// Reads the publisher's clock bar code (frontend/src/publish/stamp.ts) out of every presented picture.
() => {
  const CELL = 12, HEIGHT = 24, BITS = 36, WIDTH = (BITS + 2) * CELL, PICTURE = 540;
  const video = document.querySelector("video");
  const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  // [presented at, captured at or null], unix milliseconds.
  window.pictures = [];
  const captured = (now) => {
    const scale = video.videoWidth / PICTURE;
    context.drawImage(video, 0, 0, WIDTH * scale, HEIGHT * scale, 0, 0, WIDTH, HEIGHT);
    const row = context.getImageData(0, HEIGHT / 2, WIDTH, 1).data;
    const lit = (cell) => row[(cell * CELL + CELL / 2) * 4] > 128;
    if (lit(0) || lit(BITS + 1)) return null;
    const number = (from, count) => {
      let value = 0;
      for (let bit = 0; bit < count; bit++) value = value * 2 + (lit(from + bit) ? 1 : 0);
      return value;
    };
    let value = number(1, 32);
    let sum = 0b1010;
    for (let nibble = 0; nibble < 8; nibble++) sum ^= (value >>> (nibble * 4)) & 15;
    if (sum !== number(33, 4)) return null;
    for (let shift = 1; shift < 32; shift *= 2) value = (value ^ (value >>> shift)) >>> 0;
    return now - (((now % 2 ** 32) - value + 2 ** 32) % 2 ** 32);
  };
  const presented = () => {
    const now = Date.now();
    window.pictures.push([now, captured(now)]);
    video.requestVideoFrameCallback(presented);
  };
  video.requestVideoFrameCallback(presented);
}
