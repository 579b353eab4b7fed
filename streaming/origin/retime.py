"""Move fragments on the time line, so that sessions follow each other in one file."""

from __future__ import annotations

from struct import Struct

from streaming.origin.boxes import Init, boxes

_u32 = Struct(">I")
_u64 = Struct(">Q")


def shift(data: bytes, init: Init, seconds: float) -> bytes:
    """`data` with `seconds` added to every `tfdt`. Raises BadMedia; the data was checked when it came."""
    moved = bytearray(data)
    for kind, start, end in boxes(data, 0, len(data), limit=len(data)):
        if kind == b"moof":
            for inner, traf, traf_end in boxes(data, start, end):
                if inner == b"traf":
                    _shift_track(moved, data, (traf, traf_end), init, seconds)
    return bytes(moved)


def _shift_track(
    moved: bytearray, data: bytes, traf: tuple[int, int], init: Init, seconds: float
) -> None:
    timescale = 0
    for kind, start, _ in boxes(data, *traf):
        if kind == b"tfhd":
            (track_id,) = _u32.unpack_from(data, start + 4)
            timescale = init.tracks[track_id].timescale
        elif kind == b"tfdt":
            number = _u64 if data[start] == 1 else _u32
            (time,) = number.unpack_from(data, start + 4)
            largest = (1 << (8 * number.size)) - 1
            number.pack_into(
                moved, start + 4, min(largest, max(0, time + round(seconds * timescale)))
            )
