"""Fragmented MP4 as far as an origin must understand it: boxes are checked, samples never decoded.

Every loop is bounded by the size of its input or by a limit below, so no input can hold the loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Final

INIT_MAX_BYTES: Final = 64 * 1024
PART_MAX_BYTES: Final = 2 * 1024 * 1024
MAX_BOXES: Final = 64
MAX_FRAGMENTS: Final = 8
MAX_SAMPLES: Final = 2000
MAX_SIDE: Final = 4096
PART_MAX_SECONDS: Final = 2.0

VIDEO_CODECS: Final = {b"avc1", b"avc3"}
AUDIO_CODECS: Final = {b"mp4a", b"Opus"}
SKIPPED: Final = {b"styp", b"prft", b"sidx", b"emsg", b"free"}

_u16 = Struct(">H").unpack_from
_u32 = Struct(">I").unpack_from
_u64 = Struct(">Q").unpack_from
_box = Struct(">I4s").unpack_from

# tfhd
BASE_DATA_OFFSET, DESCRIPTION_INDEX, DEFAULT_DURATION = 0x1, 0x2, 0x8
DEFAULT_SIZE, DEFAULT_FLAGS, DEFAULT_BASE_IS_MOOF = 0x10, 0x20, 0x20000
# trun
DATA_OFFSET, FIRST_SAMPLE_FLAGS = 0x1, 0x4
SAMPLE_DURATION, SAMPLE_SIZE, SAMPLE_FLAGS, SAMPLE_CTS = 0x100, 0x200, 0x400, 0x800
NON_SYNC_SAMPLE = 0x10000


class BadMedia(Exception):
    """Not the media that the contract allows; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Track:
    id: int
    kind: str
    codec: str
    timescale: int
    duration: int
    size: int
    flags: int
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Init:
    tracks: dict[int, Track]

    @property
    def video(self) -> Track:
        return next(t for t in self.tracks.values() if t.kind == "video")

    @property
    def codecs(self) -> str:
        return ",".join(t.codec for t in self.tracks.values())


@dataclass(frozen=True, slots=True)
class Part:
    """`start` and `duration` in seconds on the media time line; `independent`: begins with a key frame."""

    start: float
    duration: float
    independent: bool
    frames: int


Span = tuple[int, int]


def boxes(
    data: bytes, start: int, end: int, *, limit: int = MAX_BOXES
) -> Iterator[tuple[bytes, int, int]]:
    """(type, body start, body end) of each box in data[start:end]. Raises BadMedia."""
    count = 0
    while start < end:
        count += 1
        if count > limit:
            raise BadMedia("too many boxes")
        if end - start < 8:
            raise BadMedia("a box is cut off")
        size, kind = _box(data, start)
        head = 8
        if size == 1:
            if end - start < 16:
                raise BadMedia("a box is cut off")
            (size,) = _u64(data, start + 8)
            head = 16
        if size < head or size > end - start:
            raise BadMedia(f"box {_name(kind)} has a wrong size")
        yield kind, start + head, start + size
        start += size


def _name(kind: bytes) -> str:
    text = kind.decode("ascii", "replace")
    return text if kind.isascii() and text.isprintable() else kind.hex()


def _child(data: bytes, span: Span, kind: bytes) -> Span:
    for found, start, end in boxes(data, *span):
        if found == kind:
            return start, end
    raise BadMedia(f"box {_name(kind)} is missing")


def _need(span: Span, length: int) -> int:
    if span[1] - span[0] < length:
        raise BadMedia("a box is too short")
    return span[0]


def parse_init(data: bytes) -> Init:
    """Read `ftyp` + `moov`. Raises BadMedia when tracks or codecs are not those allowed."""
    if len(data) > INIT_MAX_BYTES:
        raise BadMedia("the init segment is too large")
    moov = None
    for kind, start, end in boxes(data, 0, len(data)):
        if kind == b"moov":
            if moov is not None:
                raise BadMedia("two moov boxes")
            moov = (start, end)
        elif kind not in {b"ftyp", b"free", b"styp"}:
            raise BadMedia(f"box {_name(kind)} does not belong into an init segment")
    if moov is None:
        raise BadMedia("box moov is missing")
    defaults = _track_defaults(data, _child(data, moov, b"mvex"))
    tracks: dict[int, Track] = {}
    for kind, start, end in boxes(data, *moov):
        if kind == b"trak":
            track = _track(data, (start, end), defaults)
            if track.id in tracks or track.kind in {t.kind for t in tracks.values()}:
                raise BadMedia(f"more than one {track.kind} track")
            tracks[track.id] = track
    if "video" not in {t.kind for t in tracks.values()}:
        raise BadMedia("no video track")
    return Init(tracks)


def _track_defaults(data: bytes, mvex: Span) -> dict[int, tuple[int, int, int]]:
    defaults = {}
    for kind, start, end in boxes(data, *mvex):
        if kind == b"trex":
            at = _need((start, end), 24)
            (track_id,) = _u32(data, at + 4)
            defaults[track_id] = (
                _u32(data, at + 12)[0],
                _u32(data, at + 16)[0],
                _u32(data, at + 20)[0],
            )
    return defaults


def _track(data: bytes, trak: Span, defaults: dict[int, tuple[int, int, int]]) -> Track:
    tkhd = _child(data, trak, b"tkhd")
    wide = data[_need(tkhd, 84)] == 1
    (track_id,) = _u32(data, tkhd[0] + (20 if wide else 12))
    mdia = _child(data, trak, b"mdia")
    mdhd = _child(data, mdia, b"mdhd")
    wide = data[_need(mdhd, 24)] == 1
    (timescale,) = _u32(data, mdhd[0] + (20 if wide else 12))
    if not 1 <= timescale <= 10_000_000:
        raise BadMedia("the timescale is out of range")
    hdlr = _child(data, mdia, b"hdlr")
    handler = data[_need(hdlr, 12) + 8 : hdlr[0] + 12]
    stsd = _child(data, _child(data, _child(data, mdia, b"minf"), b"stbl"), b"stsd")
    _need(stsd, 16)
    entries = list(boxes(data, stsd[0] + 8, stsd[1]))
    if len(entries) != 1:
        raise BadMedia("a track must have exactly one sample entry")
    entry, start, end = entries[0]
    duration, size, flags = defaults.get(track_id, (0, 0, 0))
    if handler == b"vide" and entry in VIDEO_CODECS:
        codec, width, height = _video_entry(data, (start, end), entry)
        return Track(track_id, "video", codec, timescale, duration, size, flags, width, height)
    if handler == b"soun" and entry in AUDIO_CODECS:
        codec = _audio_entry(data, (start, end), entry)
        return Track(track_id, "audio", codec, timescale, duration, size, flags)
    raise BadMedia(f"codec {_name(entry)} is not allowed: send H.264 with AAC or Opus")


def _video_entry(data: bytes, span: Span, entry: bytes) -> tuple[str, int, int]:
    at = _need(span, 78)
    width, height = _u16(data, at + 24)[0], _u16(data, at + 26)[0]
    if not (16 <= width <= MAX_SIDE and 16 <= height <= MAX_SIDE):
        raise BadMedia("the picture size is out of range")
    avcc = _child(data, (span[0] + 78, span[1]), b"avcC")
    at = _need(avcc, 7)
    if data[at] != 1:
        raise BadMedia("avcC has an unknown version")
    if entry == b"avc1" and data[at + 5] & 0x1F == 0:
        raise BadMedia("avcC holds no parameter set")
    return f"{entry.decode()}.{data[at + 1 : at + 4].hex()}", width, height


def _audio_entry(data: bytes, span: Span, entry: bytes) -> str:
    _need(span, 28)
    children = (span[0] + 28, span[1])
    if entry == b"Opus":
        _need(_child(data, children, b"dOps"), 11)
        return "Opus"
    _need(_child(data, children, b"esds"), 12)
    return "mp4a.40.2"


def parse_part(data: bytes, init: Init) -> Part:
    """Read one part (moof + mdat, up to MAX_FRAGMENTS pairs). Raises BadMedia."""
    if len(data) > PART_MAX_BYTES:
        raise BadMedia("the part is too large")
    spans = {t.kind: _Timeline(t) for t in init.tracks.values()}
    moof: Span | None = None
    fragments = 0
    for kind, start, end in boxes(data, 0, len(data)):
        if kind == b"moof":
            fragments += 1
            if moof is not None or fragments > MAX_FRAGMENTS:
                raise BadMedia("moof without its mdat, or too many of them")
            moof = (start, end)
        elif kind == b"mdat":
            if moof is None:
                raise BadMedia("mdat without moof")
            _fragment(data, moof, (start, end), init, spans)
            moof = None
        elif kind not in SKIPPED:
            raise BadMedia(f"box {_name(kind)} does not belong into a part")
    if moof is not None or not fragments:
        raise BadMedia("a part is moof and mdat")
    video, audio = spans["video"], spans.get("audio")
    lead = video if video.samples else audio
    if lead is None or not lead.samples:
        raise BadMedia("the part holds no sample")
    if not 0 < lead.duration <= PART_MAX_SECONDS:
        raise BadMedia(f"a part lasts more than 0 and at most {PART_MAX_SECONDS:g} s")
    return Part(lead.start, lead.duration, bool(video.samples and video.sync), video.samples)


class _Timeline:
    """What the fragments of one part say about one track."""

    __slots__ = ("begin", "samples", "scale", "sync", "ticks")

    def __init__(self, track: Track) -> None:
        self.scale = track.timescale
        self.begin = 0
        self.ticks = 0
        self.samples = 0
        self.sync = False

    @property
    def start(self) -> float:
        return self.begin / self.scale

    @property
    def duration(self) -> float:
        return self.ticks / self.scale


def _fragment(data: bytes, moof: Span, mdat: Span, init: Init, spans: dict[str, _Timeline]) -> None:
    # A box header is 8 bytes unless it uses the 64-bit size, which a moof never needs.
    origin = moof[0] - 8
    trafs = [span[1:] for span in boxes(data, *moof) if span[0] == b"traf"]
    if not 1 <= len(trafs) <= len(init.tracks):
        raise BadMedia("a moof has one traf for each track")
    for traf in trafs:
        _track_fragment(data, traf, origin, mdat, init, spans)


def _track_fragment(
    data: bytes, traf: Span, origin: int, mdat: Span, init: Init, spans: dict[str, _Timeline]
) -> None:
    tfhd = _child(data, traf, b"tfhd")
    at = _need(tfhd, 8)
    flags = _u32(data, at)[0] & 0xFFFFFF
    if flags & BASE_DATA_OFFSET or not flags & DEFAULT_BASE_IS_MOOF:
        raise BadMedia("data offsets must count from the moof (default-base-is-moof)")
    track = init.tracks.get(_u32(data, at + 4)[0])
    if track is None:
        raise BadMedia("a traf names an unknown track")
    duration, size, sample_flags = track.duration, track.size, track.flags
    at += 8 + (4 if flags & DESCRIPTION_INDEX else 0)
    wanted = [bit for bit in (DEFAULT_DURATION, DEFAULT_SIZE, DEFAULT_FLAGS) if flags & bit]
    _need((at, tfhd[1]), 4 * len(wanted))
    for bit in wanted:
        (value,) = _u32(data, at)
        at += 4
        if bit == DEFAULT_DURATION:
            duration = value
        elif bit == DEFAULT_SIZE:
            size = value
        else:
            sample_flags = value
    tfdt = _child(data, traf, b"tfdt")
    wide = data[_need(tfdt, 8)] == 1
    decode_time = _u64(data, _need(tfdt, 12) + 4)[0] if wide else _u32(data, tfdt[0] + 4)[0]
    line = spans[track.kind]
    if not line.samples:
        line.begin = decode_time
    for kind, start, end in boxes(data, *traf):
        if kind == b"trun":
            _run(data, (start, end), origin, mdat, line, (duration, size, sample_flags))


def _run(
    data: bytes,
    trun: Span,
    origin: int,
    mdat: Span,
    line: _Timeline,
    defaults: tuple[int, int, int],
) -> None:
    at = _need(trun, 8)
    flags = _u32(data, at)[0] & 0xFFFFFF
    (count,) = _u32(data, at + 4)
    if line.samples + count > MAX_SAMPLES:
        raise BadMedia("too many samples")
    if not flags & DATA_OFFSET:
        raise BadMedia("trun needs a data offset")
    at += 8
    _need((at, trun[1]), 8 if flags & FIRST_SAMPLE_FLAGS else 4)
    begin = origin + _u32(data, at)[0]
    at += 4
    first_flags = None
    if flags & FIRST_SAMPLE_FLAGS:
        (first_flags,) = _u32(data, at)
        at += 4
    fields = [
        bit for bit in (SAMPLE_DURATION, SAMPLE_SIZE, SAMPLE_FLAGS, SAMPLE_CTS) if flags & bit
    ]
    width = 4 * len(fields)
    _need((at, trun[1]), width * count)
    duration, size, sample_flags = defaults
    if count and flags & SAMPLE_FLAGS and first_flags is None:
        skipped = 4 * sum(1 for bit in fields if bit < SAMPLE_FLAGS)
        (first_flags,) = _u32(data, at + skipped)
    if count and not line.samples:
        line.sync = not (sample_flags if first_flags is None else first_flags) & NON_SYNC_SAMPLE
    line.ticks += _sum(data, at, width, count) if flags & SAMPLE_DURATION else duration * count
    if flags & SAMPLE_SIZE:
        shift = 4 if flags & SAMPLE_DURATION else 0
        length = _sum(data, at + shift, width, count)
    else:
        length = size * count
    line.samples += count
    if begin < mdat[0] or begin + length > mdat[1]:
        raise BadMedia("sample data lies outside the part")


def _sum(data: bytes, at: int, step: int, count: int) -> int:
    """Sum of `count` 32-bit numbers that lie `step` bytes apart."""
    return sum(_u32(data, at + index * step)[0] for index in range(count))
