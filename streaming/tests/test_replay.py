"""The recording: everything in order, chapters where the picture was."""

from __future__ import annotations

import asyncio
import io
import time

import av
import pytest

from streaming.origin.facts import MarkerFact
from streaming.origin.journal import SegmentRecord
from streaming.origin.replay import offsets_of
from streaming.tests import muxer
from streaming.tests.camera import encode
from streaming.tests.stage import Stage, code
from streaming.tests.test_playout import segments_of


def marker(number: int, at: float) -> MarkerFact:
    return MarkerFact(number, "pin", f"Nr. {number}", f"p:{number}", {}, at)


def segment(msn: int, at: float, duration: float, *, fresh: bool = False) -> SegmentRecord:
    return SegmentRecord(
        msn=msn,
        init=0,
        duration=duration,
        at=at,
        size=1,
        first_seq=1,
        next_seq=2,
        end=0,
        discontinuity=fresh,
    )


@pytest.mark.parametrize(
    ("at", "offset"),
    [
        (900, 0),  # before the first picture
        (1000, 0),
        (1600, 600),
        (2500, 1500),
        (3400, 2000),  # while nothing was on air: the next picture
        (61_999, 2000),
        (62_300, 2300),
        (99_000, 3000),  # after the last
    ],
)
def test_a_chapter_points_at_the_picture_of_its_moment(at: float, offset: int) -> None:
    segments = [segment(0, 1000, 1), segment(1, 2000, 1), segment(2, 62_000, 1, fresh=True)]

    assert offsets_of(segments, [marker(1, at)]) == [offset]


def test_chapters_of_nothing_begin_at_nothing() -> None:
    assert offsets_of([], [marker(1, 5)]) == [0]


async def test_the_replay_opens_with_the_end_and_covers_every_session(stage: Stage) -> None:
    first, *parts = encode(2)
    began = round(1000 * time.time()) - 30_000
    for epoch, at in [(1, began), (2, began + 10_000)]:
        publisher = stage.publisher(epoch)
        await publisher.send(first)
        for index, body in enumerate(parts):
            await publisher.send(body, **{"x-capture-time": str(at + 200 * index)})
    markers = (marker(1, began + 500), marker(2, began + 11_300))
    early = await stage.get("replay.m3u8")

    stage.desk.change(state="ENDED", revoked_epoch=3, markers=markers)
    await asyncio.sleep(0)
    await stage.settle()
    replay = await stage.text("replay.m3u8")
    chapters = (await stage.get("chapters.json")).json()

    assert code(early) == (404, "not_ended")
    assert segments_of(replay) == [f"seg-{n}.m4s" for n in range(4)]
    assert "#EXT-X-PLAYLIST-TYPE:VOD\n" in replay
    assert replay.count("#EXT-X-DISCONTINUITY\n") == 1
    assert chapters["duration_ms"] == 4000
    assert chapters["started_at"] == began
    assert [c["offset_ms"] for c in chapters["chapters"]] == [500, 3300]
    assert chapters["chapters"][0]["label"] == "Nr. 1"
    assert (await stage.get("replay.m3u8")).headers["cache-control"] == "public, max-age=3600"


async def test_what_is_downloaded_can_be_decoded_frame_by_frame(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.send(*encode(3))
    assert code(await stage.get("replay.mp4")) == (404, "not_ended")
    stage.desk.change(state="ENDED", revoked_epoch=2)
    await asyncio.sleep(0)
    await stage.settle()

    answer = await stage.get("replay.mp4")
    head = await stage.client.head(f"{stage.base()}replay.mp4")

    with av.open(io.BytesIO(answer.content)) as film:
        frames = [bytes(f.planes[0])[0] for f in film.decode(video=0)]
    assert len(frames) == 75
    assert abs(frames[-1] - (16 + 74)) < 4
    assert answer.headers["content-length"] == head.headers["content-length"]
    assert answer.headers["content-disposition"].startswith("attachment; filename=")


async def test_what_is_live_can_be_decoded_from_parts_and_from_segments(stage: Stage) -> None:
    await stage.publisher(1).send(*encode(3))

    init = (await stage.get("init-0.mp4")).content
    segments = [(await stage.get(f"seg-{n}.m4s")).content for n in range(2)]
    parts = [(await stage.get(f"part-2.{n}.m4s")).content for n in range(5)]

    with av.open(io.BytesIO(b"".join([init, *segments, *parts]))) as film:
        assert sum(1 for _ in film.decode(video=0)) == 75


async def test_sessions_of_one_format_become_one_film(stage: Stage) -> None:
    for epoch in (1, 2, 3):
        await stage.publisher(epoch).send(*encode(1.2))
    stage.desk.change(state="ENDED", revoked_epoch=3)
    await asyncio.sleep(0)
    await stage.settle()

    with av.open(io.BytesIO((await stage.get("replay.mp4")).content)) as film:
        times = [round(float(frame.time), 3) for frame in film.decode(video=0)]
    with av.open(io.BytesIO((await stage.get("replay-1.mp4")).content)) as film:
        assert sum(1 for _ in film.decode(video=0)) == 30

    assert times == [round(number / 25, 3) for number in range(90)]
    assert code(await stage.get("replay-3.mp4")) == (404, "not_found")


async def test_sessions_of_different_formats_are_downloaded_one_by_one(stage: Stage) -> None:
    await stage.publisher(1).send(*encode(1.2))
    await stage.publisher(2).begin(1.25)
    stage.desk.change(state="ENDED", revoked_epoch=2)
    await asyncio.sleep(0)
    await stage.settle()

    assert code(await stage.get("replay.mp4")) == (404, "several_formats")
    assert (await stage.get("replay-1.mp4")).content.startswith(muxer.init())
    with av.open(io.BytesIO((await stage.get("replay-0.mp4")).content)) as film:
        assert sum(1 for _ in film.decode(video=0)) == 30


async def test_a_stream_that_never_was_on_air_has_no_replay(stage: Stage) -> None:
    stage.desk.change(state="ENDED")

    assert code(await stage.get("replay.m3u8")) == (404, "not_found")
    assert code(await stage.get("ll.m3u8")) == (404, "not_started")
    assert (await stage.get("chapters.json")).json() == {
        "duration_ms": 0,
        "started_at": None,
        "chapters": [],
    }
    assert not stage.folder.exists(), "reading makes no folders"
