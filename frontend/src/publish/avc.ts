/** H.264 decoder configuration. Firefox 153 hands out a malformed one (Mozilla bug 2031056). */

const SPS = 7;
const PPS = 8;

/** The encoder's record if it is sound, else one rebuilt from the key frame or repaired. */
export function decoderConfig(description: Uint8Array, keyFrame: Uint8Array): Uint8Array {
  if (isSound(description)) return description;
  const nals = nalUnits(keyFrame);
  const sps = nals.find((nal) => (nal[0]! & 31) === SPS) ?? repaired(description);
  const pps = nals.find((nal) => (nal[0]! & 31) === PPS) ?? pictureSet(description);
  if (!sps || !pps) return description;
  return Uint8Array.from([
    1, sps[1]!, sps[2]!, sps[3]!, 0xff,
    0xe1, sps.length >> 8, sps.length & 255, ...sps,
    1, pps.length >> 8, pps.length & 255, ...pps,
  ]);
}

function isSound(record: Uint8Array): boolean {
  return (
    record.length > 11 &&
    record[0] === 1 &&
    (record[4]! & 0xfc) === 0xfc &&
    (record[5]! & 0xe0) === 0xe0 &&
    (record[8]! & 31) === SPS &&
    record[9] === record[1]
  );
}

/** Length-prefixed NAL units of one sample. */
function nalUnits(sample: Uint8Array): Uint8Array[] {
  const view = new DataView(sample.buffer, sample.byteOffset, sample.byteLength);
  const units: Uint8Array[] = [];
  for (let at = 0; at + 4 < sample.length; ) {
    const size = view.getUint32(at);
    if (size === 0 || at + 4 + size > sample.length) break;
    units.push(sample.subarray(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return units;
}

/** The record's SPS without the header byte that is written twice. */
function repaired(record: Uint8Array): Uint8Array | undefined {
  const size = (record[6]! << 8) | record[7]!;
  const sps = record.subarray(8, 8 + size);
  return sps[0] === sps[1] ? sps.subarray(1) : undefined;
}

function pictureSet(record: Uint8Array): Uint8Array | undefined {
  const at = 8 + ((record[6]! << 8) | record[7]!) + 1;
  const size = (record[at]! << 8) | record[at + 1]!;
  const pps = record.subarray(at + 2, at + 2 + size);
  return pps[0] === pps[1] ? pps.subarray(1) : pps;
}
