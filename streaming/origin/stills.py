"""Whether a body is one small JPEG and nothing else. Its pixels are not decoded: browsers do that."""

from __future__ import annotations

from typing import Final

from streaming.origin.boxes import BadMedia

STILL_MAX_BYTES: Final = 60 * 1024
STILL_MAX_SIDE: Final = 2048

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_RESTARTS: Final = range(0xD0, 0xD8)
# Baseline, extended and progressive: what browsers write and read.
_FRAMES: Final = {0xC0, 0xC1, 0xC2}
# Tables, scans, restart interval, JFIF, ICC profile, and colour transform. No EXIF: a camera writes
# there where it stands.
_PLAIN: Final = {0xC4, 0xDB, 0xDD, 0xE0, 0xE2, 0xEE, _SCAN, *_FRAMES}


def check_still(body: bytes) -> None:
    """Raises BadMedia, in words, when the body is not a JPEG of at most 2048 pixels a side."""
    if body[:2] != bytes((0xFF, _START)):
        raise BadMedia("not a JPEG")
    at, framed, scanned = 2, False, False
    while True:
        marker, at = _marker(body, at)
        if marker == _END:
            break
        if marker not in _PLAIN:
            raise BadMedia(f"a JPEG segment {marker:#04x} that has no place here")
        size = int.from_bytes(body[at : at + 2], "big")
        if size < 2 or at + size > len(body):
            raise BadMedia("a cut-off JPEG segment")
        if marker in _FRAMES:
            _check_frame(body[at + 2 : at + size])
            framed = True
        at += size
        if marker == _SCAN:
            if not framed:
                raise BadMedia("a scan before its frame")
            at, scanned = _after_scan(body, at), True
    if not scanned:
        raise BadMedia("no picture in it")
    if at != len(body):
        raise BadMedia("something behind the picture")


def _marker(body: bytes, at: int) -> tuple[int, int]:
    """The marker at `at` and the place after it; fill bytes may stand before it."""
    if at >= len(body) or body[at] != 0xFF:
        raise BadMedia("no JPEG marker where one must be")
    while at < len(body) and body[at] == 0xFF:
        at += 1
    if at >= len(body):
        raise BadMedia("a cut-off JPEG")
    return body[at], at + 1


def _check_frame(frame: bytes) -> None:
    if len(frame) < 6:
        raise BadMedia("a cut-off JPEG frame")
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    if not (0 < width <= STILL_MAX_SIDE and 0 < height <= STILL_MAX_SIDE):
        raise BadMedia(f"{width} x {height} pixels")


def _after_scan(body: bytes, at: int) -> int:
    """The place of the marker that ends the entropy-coded data beginning at `at`."""
    while True:
        at = body.find(0xFF, at)
        if at < 0 or at + 1 >= len(body):
            raise BadMedia("a cut-off JPEG")
        following = body[at + 1]
        if following == 0 or following in _RESTARTS:
            at += 2
        elif following == 0xFF:
            at += 1
        else:
            return at
