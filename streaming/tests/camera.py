"""Real H.264 in fragmented MP4, for tests that must decode what comes out."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from struct import unpack_from

import av
from av.video.frame import PictureType, VideoFrame


def encode(seconds: float, *, fps: int = 25, gop: int = 25, part: float = 0.2) -> list[bytes]:
    """The init segment, then parts of about `part` seconds; a frame's brightness tells its number."""
    file = io.BytesIO()
    options = {
        "movflags": "frag_keyframe+empty_moov+default_base_moof",
        "frag_duration": str(int(1_000_000 * part)),
        "use_editlist": "0",
    }
    with av.open(file, "w", format="mp4", options=options) as container:
        stream = container.add_stream(
            "libx264",
            rate=fps,
            options={"tune": "zerolatency", "preset": "ultrafast", "x264-params": "scenecut=0"},
        )
        stream.width, stream.height, stream.pix_fmt = 64, 96, "yuv420p"
        stream.gop_size = gop
        stream.time_base = Fraction(1, fps)
        for number in range(int(seconds * fps)):
            frame = VideoFrame(64, 96, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([16 + number % 200]) * plane.buffer_size)
            frame.pts, frame.time_base = number, Fraction(1, fps)
            if number % gop == 0:
                frame.pict_type = PictureType.I
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return list(split(file.getvalue()))


def split(data: bytes) -> Iterator[bytes]:
    """The init segment, then each moof with its mdat."""
    at, begin = 0, 0
    while at < len(data):
        size, kind = unpack_from(">I4s", data, at)
        if kind in {b"moof", b"mfra"} and at > begin:
            yield data[begin:at]
            begin = at
        if kind == b"mfra":
            return
        at += size
    yield data[begin:]
