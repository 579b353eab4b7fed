"""Fragmented MP4 of one H.264 and one AAC track, with the places a replay has to patch."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

VIDEO_TIMESCALE: Final = 90_000
VIDEO_ID: Final = 1
AUDIO_ID: Final = 2
KEY_FLAGS: Final = 0x02000000
DELTA_FLAGS: Final = 0x01010000
IDENTITY: Final = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


@dataclass(frozen=True, slots=True)
class Sample:
    """One encoded frame; `duration` in its track's timescale."""

    data: bytes
    duration: int
    key: bool = True


def init_segment(
    *, width: int, height: int, avcc: bytes, audio_config: bytes, sample_rate: int
) -> bytes:
    """ftyp + moov. `avcc`: AVCDecoderConfigurationRecord; `audio_config`: AudioSpecificConfig."""
    video_entry = _box(
        b"avc1",
        bytes(6),
        struct.pack(">H16xHHIIIH32xHH", 1, width, height, 0x480000, 0x480000, 0, 1, 24, 0xFFFF),
        _box(b"avcC", avcc),
    )
    audio_entry = _box(
        b"mp4a",
        bytes(6),
        struct.pack(">H8xHHIHH", 1, 1, 16, 0, sample_rate, 0),
        _esds(audio_config),
    )
    video = _trak(
        VIDEO_ID,
        VIDEO_TIMESCALE,
        b"vide",
        _full(b"vmhd", 0, 1, bytes(8)),
        video_entry,
        width,
        height,
    )
    audio = _trak(AUDIO_ID, sample_rate, b"soun", _full(b"smhd", 0, 0, bytes(4)), audio_entry, 0, 0)
    header = struct.pack(">IIIIIH10x", 0, 0, 1000, 0, 0x10000, 0x0100)
    return _box(b"ftyp", b"iso6", bytes(4), b"iso6mp41avc1") + _box(
        b"moov",
        _full(b"mvhd", 0, 0, header, IDENTITY, bytes(24), struct.pack(">I", AUDIO_ID + 1)),
        video,
        audio,
        _box(b"mvex", _trex(VIDEO_ID), _trex(AUDIO_ID)),
    )


def media_part(video: list[Sample], audio: list[Sample]) -> tuple[bytes, int, int, int]:
    """moof + mdat with zero in sequence number and decode times.

    Returns the bytes and where the sequence number (32 bits), the video and the audio decode time
    (64 bits each) stand; the last is 0 without audio.
    """
    runs = [(VIDEO_ID, video), *([(AUDIO_ID, audio)] if audio else [])]
    fragments = [b"".join(sample.data for sample in samples) for _, samples in runs]
    size = len(_moof(runs, [0, 0]))
    moof = _moof(runs, [size + 8, size + 8 + len(fragments[0])])
    first = moof.index(b"tfdt") + 8
    second = moof.index(b"tfdt", first) + 8 if audio else 0
    return moof + _box(b"mdat", *fragments), moof.index(b"mfhd") + 8, first, second


def avc_samples(annex_b: bytes) -> bytes:
    """Annex B → length-prefixed NAL units, without parameter sets, delimiters and remarks."""
    kept = [nal for nal in _nal_units(annex_b) if nal[0] & 31 in (1, 5)]
    return b"".join(struct.pack(">I", len(nal)) + nal for nal in kept)


def avc_config(annex_b: bytes) -> bytes:
    """AVCDecoderConfigurationRecord from the encoder's Annex B header."""
    units = _nal_units(annex_b)
    sps = next(nal for nal in units if nal[0] & 31 == 7)
    pps = next(nal for nal in units if nal[0] & 31 == 8)
    return b"".join(
        (
            bytes((1, sps[1], sps[2], sps[3], 0xFF, 0xE1)),
            struct.pack(">H", len(sps)),
            sps,
            b"\x01",
            struct.pack(">H", len(pps)),
            pps,
        )
    )


def _nal_units(annex_b: bytes) -> list[bytes]:
    pieces = annex_b.replace(b"\x00\x00\x00\x01", b"\x00\x00\x01").split(b"\x00\x00\x01")
    return [piece for piece in pieces if piece]


def _moof(runs: list[tuple[int, list[Sample]]], offsets: list[int]) -> bytes:
    trafs = []
    for (track, samples), offset in zip(runs, offsets, strict=False):
        entries = b"".join(
            struct.pack(">III", s.duration, len(s.data), KEY_FLAGS if s.key else DELTA_FLAGS)
            for s in samples
        )
        trafs.append(
            _box(
                b"traf",
                _full(b"tfhd", 0, 0x020000, struct.pack(">I", track)),
                _full(b"tfdt", 1, 0, bytes(8)),
                _full(b"trun", 0, 0x000701, struct.pack(">II", len(samples), offset), entries),
            )
        )
    return _box(b"moof", _full(b"mfhd", 0, 0, bytes(4)), *trafs)


def _trak(
    track: int,
    timescale: int,
    handler: bytes,
    media_header: bytes,
    entry: bytes,
    width: int,
    height: int,
) -> bytes:
    volume = 0x0100 if handler == b"soun" else 0
    head = struct.pack(">5I8xHHHH", 0, 0, track, 0, 0, 0, 0, volume, 0)
    table = _box(
        b"stbl",
        _full(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        _full(b"stts", 0, 0, bytes(4)),
        _full(b"stsc", 0, 0, bytes(4)),
        _full(b"stsz", 0, 0, bytes(8)),
        _full(b"stco", 0, 0, bytes(4)),
    )
    reference = _box(b"dinf", _full(b"dref", 0, 0, struct.pack(">I", 1), _full(b"url ", 0, 1)))
    return _box(
        b"trak",
        _full(b"tkhd", 0, 3, head, IDENTITY, struct.pack(">II", width << 16, height << 16)),
        _box(
            b"mdia",
            _full(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, timescale, 0, 0x55C4, 0)),
            _full(b"hdlr", 0, 0, bytes(4), handler, bytes(12), b"Liveshop\x00"),
            _box(b"minf", media_header, reference, table),
        ),
    )


def _trex(track: int) -> bytes:
    return _full(b"trex", 0, 0, struct.pack(">5I", track, 1, 0, 0, 0))


def _esds(config: bytes) -> bytes:
    specific = bytes((0x05, len(config))) + config
    decoder = bytes((0x04, 13 + len(specific), 0x40, 0x15)) + bytes(11) + specific
    body = b"\x00\x01\x00" + decoder + b"\x06\x01\x02"
    return _full(b"esds", 0, 0, bytes((0x03, len(body))), body)


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def _full(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *parts)
