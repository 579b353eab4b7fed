"""What the origin reads of fragmented MP4, and what it refuses."""

from __future__ import annotations

from struct import pack

import pytest

from streaming.origin.boxes import MAX_SAMPLES, BadMedia, parse_init, parse_part
from streaming.tests import muxer
from streaming.tests.camera import encode


def test_an_init_names_codecs_and_timescales() -> None:
    found = parse_init(muxer.init(audio=muxer.audio_entry()))

    assert found.codecs == "avc1.42001f,Opus"
    assert (found.video.width, found.video.height, found.video.timescale) == (540, 960, 90_000)


@pytest.mark.parametrize("kind", ["Opus", "mp4a"])
def test_opus_and_aac_are_allowed(kind: str) -> None:
    assert len(parse_init(muxer.init(audio=muxer.audio_entry(kind))).tracks) == 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "moov is missing"),
        (b"\0\0\0\4moov", "wrong size"),
        (muxer.init(video=muxer.video_entry("hvc1")), "hvc1 is not allowed"),
        (muxer.init(audio=muxer.audio_entry("ac-3")), "ac-3 is not allowed"),
        (muxer.init(audio=muxer.audio_entry("a\r\n\x00")), "610d0a00 is not allowed"),
        (muxer.init(video=muxer.video_entry(width=8)), "picture size"),
        (muxer.init(timescale=0), "timescale"),
        (muxer.init(extra=muxer.part(0, key=True)), "does not belong"),
        (muxer.init()[:-4], "wrong size"),
        (muxer.init(extra=muxer.init()), "two moov"),
    ],
)
def test_a_wrong_init_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    with pytest.raises(BadMedia, match=reason):
        parse_init(body)


def test_a_part_tells_its_time_and_whether_a_key_frame_leads() -> None:
    found = parse_init(muxer.init())

    key = parse_part(muxer.part(1.5, key=True), found)
    delta = parse_part(muxer.part(1.75), found)

    assert (key.start, key.duration, key.independent) == (1.5, 0.25, True)
    assert not delta.independent


def test_sound_alone_makes_a_part_of_its_own_length() -> None:
    found = parse_init(muxer.init(audio=muxer.audio_entry()))

    part = parse_part(muxer.part(2, frames=0, sound=0.4), found)

    assert (part.start, part.frames, part.independent) == (2.0, 0, False)
    assert part.duration == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "moof and mdat"),
        (muxer.part(0, key=True, tfhd_flags=0), "default-base-is-moof"),
        (muxer.part(0, key=True, track_id=7), "unknown track"),
        (muxer.part(0, key=True, shift=1), "outside the part"),
        (muxer.part(0, key=True, shift=-10), "outside the part"),
        (muxer.part(0, key=True, frames=60), "lasts"),
        (muxer.part(0, key=True, frame=0), "lasts"),
        (muxer.part(0, frames=0), "traf"),
        (muxer.init(), "does not belong"),
        (muxer.part(0, key=True)[:-1], "wrong size"),
        (b"".join(muxer.part(0, frames=1, key=True) for _ in range(9)), "too many"),
        (muxer.box("free") * 80, "too many boxes"),
    ],
)
def test_a_wrong_part_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    with pytest.raises(BadMedia, match=reason):
        parse_part(body, parse_init(muxer.init()))


def test_a_run_that_claims_billions_of_samples_is_refused_at_once() -> None:
    run = muxer.full("trun", 0, 0x1, pack(">Ii", 0xFFFFFFFF, 100))
    traf = muxer.box(
        "traf",
        muxer.full("tfhd", 0, 0x20000, pack(">I", 1)),
        muxer.full("tfdt", 0, 0, pack(">I", 0)),
        run,
    )
    body = muxer.box("moof", traf) + muxer.box("mdat", bytes(50))

    with pytest.raises(BadMedia, match="too many samples"):
        parse_part(body, parse_init(muxer.init()))
    assert MAX_SAMPLES < 10_000


def test_what_ffmpeg_writes_is_understood() -> None:
    first, *parts = encode(2)
    found = parse_init(first)

    read = [parse_part(body, found) for body in parts]

    assert [round(p.start, 3) for p in read] == [round(0.2 * i, 3) for i in range(10)]
    assert [p.independent for p in read] == [i % 5 == 0 for i in range(10)]
