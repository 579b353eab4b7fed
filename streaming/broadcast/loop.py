"""The loop: drawn and encoded once, kept on disk, replayed with shifted times."""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.video.frame import VideoFrame
from django.conf import settings
from PIL import Image

from streaming.broadcast import fmp4, scenes

SECONDS: Final = 24
FRAME_RATE: Final = 25
SAMPLE_RATE: Final = 48_000
AAC_FRAME: Final = 1024
# Four parts a second; 25 pictures do not divide by four.
PART_PICTURES: Final = (6, 6, 6, 7)
PARTS_PER_SECOND: Final = len(PART_PICTURES)
PICTURE_TICKS: Final = fmp4.VIDEO_TIMESCALE // FRAME_RATE
BIT_RATE: Final = 1_100_000
# Small pictures for viewers who save data.
STILL_SECONDS: Final = 4
STILL_WIDTH: Final = 360
STILL_QUALITY: Final = 60
FORMAT: Final = 2

# Chords of whole hertz, so that the sound too has no seam; the second voice trembles slowly.
CHORDS: Final = ((220, 277, 330), (185, 220, 277), (147, 220, 294), (165, 208, 247))


@dataclass(frozen=True, slots=True)
class Part:
    """One part with zeroed times; the places are offsets into `data` (see fmp4.media_part)."""

    data: bytes
    sequence_at: int
    video_at: int
    audio_at: int
    """First sample of sound, in samples from the start of the loop."""
    audio_start: int
    """First picture, counted from the start of the loop."""
    picture: int


@dataclass(frozen=True, slots=True)
class Loop:
    init: bytes
    parts: tuple[Part, ...]
    """JPEGs, one each `STILL_SECONDS`."""
    stills: tuple[bytes, ...]

    def still(self, number: int) -> bytes:
        """The picture that stands near the `number`-th part."""
        seconds = int(self.starts_at(number)) % SECONDS
        return self.stills[seconds // STILL_SECONDS]

    def part(self, number: int) -> bytes:
        """The `number`-th part of an endless show; parts 0, 4, 8 … begin with a key frame."""
        turn, index = divmod(number, len(self.parts))
        part = self.parts[index]
        data = bytearray(part.data)
        struct.pack_into(">I", data, part.sequence_at, (number + 1) & 0xFFFFFFFF)
        video = (turn * SECONDS * FRAME_RATE + part.picture) * PICTURE_TICKS
        struct.pack_into(">Q", data, part.video_at, video)
        if part.audio_at:
            audio = turn * SECONDS * SAMPLE_RATE + part.audio_start
            struct.pack_into(">Q", data, part.audio_at, audio)
        return bytes(data)

    def starts_at(self, number: int) -> float:
        """Seconds from the start of the show to the first picture of a part."""
        turn, index = divmod(number, len(self.parts))
        return turn * SECONDS + self.parts[index].picture / FRAME_RATE


def load(*, pictures: Sequence[Path], seed: int, folder: Path | None = None) -> Loop:
    """The loop that shows these pictures: from the cache, else drawn and encoded (some seconds)."""
    folder = folder or Path(settings.DATA_DIR) / "demo"
    path = folder / f"loop-{_digest(pictures, seed)}.bin"
    try:
        return _read(path)
    except (OSError, ValueError, KeyError):
        loop = make(pictures=pictures, seed=seed)
        _write(path, loop)
        return loop


def make(*, pictures: Sequence[Path], seed: int) -> Loop:
    config, video, stills = _encode_pictures(pictures, seed)
    audio_config, audio = _encode_sound()
    init = fmp4.init_segment(
        width=scenes.WIDTH,
        height=scenes.HEIGHT,
        avcc=config,
        audio_config=audio_config,
        sample_rate=SAMPLE_RATE,
    )
    return Loop(init, tuple(_cut(video, audio)), tuple(stills))


def _cut(video: list[fmp4.Sample], audio: list[fmp4.Sample]) -> Iterator[Part]:
    picture = heard = 0
    for count in PART_PICTURES * SECONDS:
        end = Fraction(picture + count, FRAME_RATE) * SAMPLE_RATE
        until = heard
        while until < len(audio) and until * AAC_FRAME < end:
            until += 1
        data, sequence_at, video_at, audio_at = fmp4.media_part(
            video[picture : picture + count], audio[heard:until]
        )
        yield Part(data, sequence_at, video_at, audio_at, heard * AAC_FRAME, picture)
        picture, heard = picture + count, until


def _encode_pictures(
    pictures: Sequence[Path], seed: int
) -> tuple[bytes, list[fmp4.Sample], list[bytes]]:
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height = scenes.WIDTH, scenes.HEIGHT
    encoder.pix_fmt = "yuv420p"
    encoder.framerate = Fraction(FRAME_RATE)
    encoder.time_base = Fraction(1, FRAME_RATE)
    encoder.bit_rate = BIT_RATE
    encoder.thread_count = 1
    encoder.options = {
        "preset": "veryfast",
        "profile": "baseline",
        "x264-params": f"keyint={FRAME_RATE}:min-keyint={FRAME_RATE}:scenecut=0:rc-lookahead=10"
        f":vbv-maxrate={BIT_RATE * 5 // 4000}:vbv-bufsize={BIT_RATE // 1000}:repeat-headers=1",
    }
    packets = []
    stills = []
    for number, image in enumerate(
        scenes.frames(pictures=pictures, seed=seed, seconds=SECONDS, frame_rate=FRAME_RATE)
    ):
        if number % (STILL_SECONDS * FRAME_RATE) == 0:
            stills.append(_still(image))
        frame = VideoFrame.from_image(image)
        frame.pts = number
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    if len(packets) != SECONDS * FRAME_RATE:
        raise RuntimeError(f"the encoder gave {len(packets)} pictures")
    samples = [
        fmp4.Sample(fmp4.avc_samples(bytes(packet)), PICTURE_TICKS, bool(packet.is_keyframe))
        for packet in packets
    ]
    return fmp4.avc_config(bytes(packets[0])), samples, stills


def _still(image: Image.Image) -> bytes:
    small = image.resize((STILL_WIDTH, STILL_WIDTH * image.height // image.width))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=STILL_QUALITY, optimize=True)
    return out.getvalue()


def _encode_sound() -> tuple[bytes, list[fmp4.Sample]]:
    """The second of two rounds, so that the encoder's run-up is not heard at the seam."""
    encoder = av.CodecContext.create("aac", "w")
    encoder.sample_rate = SAMPLE_RATE
    encoder.layout = "mono"
    encoder.format = "fltp"
    encoder.bit_rate = 64_000
    encoder.time_base = Fraction(1, SAMPLE_RATE)
    packets = []
    for frame in _sound(2 * SECONDS):
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    first = SECONDS * SAMPLE_RATE // AAC_FRAME
    round_two = [
        p for p in packets if p.pts is not None and first <= p.pts // AAC_FRAME < 2 * first
    ]
    if len(round_two) != first or not encoder.extradata:
        raise RuntimeError(f"the encoder gave {len(round_two)} frames of sound")
    return bytes(encoder.extradata), [fmp4.Sample(bytes(p), AAC_FRAME) for p in round_two]


def _sound(seconds: int) -> Iterator[AudioFrame]:
    each = SECONDS // len(CHORDS)
    voices = "+".join(
        f"between(mod(t,{SECONDS}),{index * each},{(index + 1) * each})"
        f"*sin(PI*mod(t,{each})/{each})*("
        + "+".join(f"sin({2 * note}*PI*t)" for note in chord)
        + ")"
        for index, chord in enumerate(CHORDS)
    )
    graph = Graph()
    source = graph.add(
        "aevalsrc",
        f"exprs='0.07*({voices})*(0.8+0.2*sin(PI*t))':s={SAMPLE_RATE}:d={seconds}:n={AAC_FRAME}",
    )
    form = graph.add("aformat", f"sample_fmts=fltp:sample_rates={SAMPLE_RATE}:channel_layouts=mono")
    sink = graph.add("abuffersink")
    source.link_to(form)
    form.link_to(sink)
    graph.configure()
    for _ in range(seconds * SAMPLE_RATE // AAC_FRAME):
        frame = graph.pull()
        assert isinstance(frame, AudioFrame)
        frame.time_base = Fraction(1, SAMPLE_RATE)
        yield frame


def _digest(pictures: Sequence[Path], seed: int) -> str:
    digest = hashlib.sha256(f"{FORMAT}:{seed % len(scenes.PALETTES)}:{seed}".encode())
    for picture in pictures[: scenes.MOST_PICTURES]:
        digest.update(hashlib.sha256(picture.read_bytes()).digest())
    return digest.hexdigest()[:20]


def _write(path: Path, loop: Loop) -> None:
    """Whole or not at all: another broadcaster may be reading."""
    path.parent.mkdir(parents=True, exist_ok=True)
    blobs = [loop.init, *(part.data for part in loop.parts), *loop.stills]
    places = [[p.sequence_at, p.video_at, p.audio_at, p.audio_start, p.picture] for p in loop.parts]
    index = json.dumps({"sizes": [len(blob) for blob in blobs], "places": places}).encode()
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(struct.pack(">I", len(index)) + index + b"".join(blobs))
    os.replace(file.name, path)


def _read(path: Path) -> Loop:
    raw = path.read_bytes()
    if len(raw) < 4:
        raise ValueError("cut off")
    at = 4 + struct.unpack_from(">I", raw)[0]
    index = json.loads(raw[4:at])
    blobs = []
    for size in index["sizes"]:
        blobs.append(raw[at : at + size])
        at += size
    count = len(index["places"])
    if at != len(raw) or len(blobs) != 1 + count + SECONDS // STILL_SECONDS:
        raise ValueError("cut off")
    media = zip(blobs[1 : count + 1], index["places"], strict=True)
    parts = (Part(data, *places) for data, places in media)
    return Loop(blobs[0], tuple(parts), tuple(blobs[count + 1 :]))
