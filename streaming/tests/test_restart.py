"""Processes die and come back: the sequence goes on, nothing that was closed is lost."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from streaming.origin.journal import Journal, OwnedElsewhere, read
from streaming.tests import muxer
from streaming.tests.stage import KEY, Stage, code
from streaming.tests.test_playout import parts_of, segments_of


def journal_of(stage: Stage) -> Path:
    return stage.folder / KEY / "journal.jsonl"


async def test_a_killed_origin_goes_on_with_the_same_session_and_sequence(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin()
    ring = muxer.show(4)
    await publisher.send(*ring[:11])
    await stage.settle()
    before = await stage.text("ll.m3u8")

    await stage.kill()
    hole = await publisher.put(publisher.seq, ring[11])
    publisher.seq = int(hole.headers["x-next"])
    await publisher.send(*ring[publisher.seq - 1 : 11])
    after = await stage.text("ll.m3u8")

    assert code(hole) == (409, "hole")
    assert segments_of(after) == segments_of(before) == ["seg-0.m4s", "seg-1.m4s"]
    assert parts_of(after) == ["part-2.0.m4s", "part-2.1.m4s", "part-2.2.m4s"]
    assert "DISCONTINUITY\n" not in after
    assert (await stage.get("seg-0.m4s")).content == b"".join(ring[:4])
    assert (await stage.get("init-0.mp4")).content == muxer.init()


async def test_a_viewer_who_was_further_waits_until_the_ring_has_caught_up(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin()
    ring = muxer.show(4)
    await publisher.send(*ring[:7])
    await stage.settle()

    await stage.kill()
    waiting = asyncio.create_task(stage.get("ll.m3u8?_HLS_msn=1&_HLS_part=2"))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    publisher.seq = 5
    await publisher.send(*ring[4:7])

    assert parts_of((await waiting).text)[-1] == "part-1.2.m4s"


async def test_a_new_session_after_a_kill_is_a_discontinuity_and_keeps_the_recording(
    stage: Stage,
) -> None:
    await stage.publisher(1).begin(2.5)
    await stage.settle()

    await stage.kill()
    await stage.publisher(2).begin(1.25)
    await stage.settle()

    assert segments_of(await stage.text("plain.m3u8")) == ["seg-0.m4s", "seg-1.m4s", "seg-2.m4s"]
    assert '#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="init-1.mp4"' in await stage.text("plain.m3u8")
    assert [s.init for s in read(stage.folder / KEY).segments] == [0, 0, 1]


async def test_an_orderly_stop_saves_the_open_segment_and_lets_the_session_complete_it(
    stage: Stage,
) -> None:
    publisher = stage.publisher(1)
    await publisher.begin()
    ring = muxer.show(4)
    await publisher.send(*ring[:6])

    await stage.restart()
    hole = await publisher.put(7, ring[6])
    publisher.seq = int(hole.headers["x-next"])
    await publisher.send(*ring[4:9])
    await stage.settle()

    assert hole.headers["x-next"] == "5"
    assert [s.msn for s in read(stage.folder / KEY).segments] == [0, 1]
    assert (await stage.get("seg-1.m4s")).content == b"".join(ring[4:8])


async def test_an_open_segment_that_nobody_completes_is_still_in_the_replay(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin()
    ring = muxer.show(1.5)
    await publisher.send(*ring)

    await stage.restart()
    stage.desk.change(state="ENDED", revoked_epoch=2)

    assert segments_of(await stage.text("replay.m3u8")) == ["seg-0.m4s", "seg-1.m4s"]
    assert (await stage.get("seg-1.m4s")).content == b"".join(ring[4:])


async def test_an_open_segment_left_behind_stays_when_a_new_session_begins(stage: Stage) -> None:
    await stage.publisher(1).begin(1.5)
    await stage.restart()

    await stage.publisher(2).begin(1.25)
    await stage.settle()
    stage.desk.change(state="ENDED", revoked_epoch=2)
    await asyncio.sleep(0)

    replay = await stage.text("replay.m3u8")
    assert segments_of(replay) == [f"seg-{n}.m4s" for n in range(4)]
    await stage.restart()
    assert await stage.text("replay.m3u8") == replay


@pytest.mark.parametrize("torn", [b'{"t":"seg","msn":', b"\xff\xfe", b'{"t":"seg","msn":9}\n'])
async def test_a_torn_journal_is_read_to_its_last_whole_line(stage: Stage, torn: bytes) -> None:
    await stage.publisher(1).begin(2.5)
    await stage.settle()
    await stage.kill()
    with journal_of(stage).open("ab") as file:
        file.write(torn)

    await stage.publisher(2).begin(1.25)
    await stage.settle()

    lines = [line for line in journal_of(stage).read_bytes().splitlines() if b'"msn":9' not in line]
    assert [json.loads(line)["t"] for line in lines] == ["session", "seg", "seg", "session", "seg"]


async def test_a_stream_has_one_owner_and_the_other_says_who(stage: Stage) -> None:
    await stage.publisher(1).begin(1.25)
    other = Stage(stage.folder)

    refused = await other.publisher(2).put(0, muxer.init())
    watching = await other.get("ll.m3u8")
    with pytest.raises(OwnedElsewhere, match=r"process \d+ owns the stream"):
        Journal(stage.folder / KEY, keep_free=0).acquire()
    await stage.origin.close()
    await other.publisher(2).begin(1.25)
    await other.origin.close()

    assert code(refused) == code(watching) == (503, "owned_elsewhere")


async def test_an_idle_stream_leaves_the_memory_and_comes_back(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin()
    ring = muxer.show(2)
    await publisher.send(*ring[:6])
    house = stage.origin.house()
    house.tenants[KEY].used_at -= 1000
    house._tick()
    assert KEY in house.tenants, "a live stream stays"

    stage.live.last_part_at -= 10
    house.tenants[KEY].used_at -= 1000
    house._tick()
    assert KEY not in house.tenants
    publisher.seq = 5
    await publisher.send(*ring[4:8])

    assert segments_of(await stage.text("ll.m3u8")) == ["seg-0.m4s"]
    assert len(stage.live.open.parts) == 4


async def test_a_full_disk_does_not_stop_the_picture_and_is_told(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin(1.25)
    await stage.settle()
    tenant = stage.origin.house().tenants[KEY]

    tenant.journal.keep_free = 1 << 60
    await publisher.send(*(muxer.part(0.25 * i, key=i % 4 == 0) for i in range(5, 13)))
    await stage.settle()
    told = await publisher.put(publisher.seq, muxer.part(3.25))
    publisher.seq += 1
    status = (await stage.get("status.json")).json()
    tenant.journal.keep_free = 0
    await publisher.send(*(muxer.part(0.25 * i, key=i % 4 == 0) for i in range(14, 21)))
    await stage.settle()
    healed = await publisher.put(publisher.seq - 1, b"")

    assert (told.status_code, told.headers["x-recording"]) == (204, "failed")
    assert status == {"state": "live", "latency_hint_ms": 1300, "recording": "failed"}
    assert "x-recording" not in healed.headers
    playlist = await stage.text("plain.m3u8")
    assert segments_of(playlist) == [f"seg-{n}.m4s" for n in range(5)]
    assert (await stage.get("seg-1.m4s")).status_code == 200
    stage.desk.change(state="ENDED", revoked_epoch=2)
    await asyncio.sleep(0)
    replay = await stage.text("replay.m3u8")
    assert segments_of(replay) == ["seg-0.m4s", "seg-3.m4s", "seg-4.m4s", "seg-5.m4s"]
    assert replay.count("#EXT-X-DISCONTINUITY\n") == 1


async def test_a_folder_that_cannot_be_made_is_busy_not_broken(stage: Stage) -> None:
    stage.folder.parent.mkdir(exist_ok=True)
    stage.folder.write_text("a file stands where the folder should be")

    assert code(await stage.publisher(1).put(0, muxer.init())) == (503, "busy")


async def test_a_session_begun_on_a_full_disk_is_saved_when_there_is_room_again(
    stage: Stage,
) -> None:
    await stage.publisher(1).begin(1.25)
    await stage.settle()
    tenant = stage.origin.house().tenants[KEY]
    tenant.journal.keep_free = 1 << 60
    publisher = stage.publisher(2)
    await publisher.begin(1.25)
    await stage.settle()
    assert not (tenant.folder / "init-1.mp4").exists()

    tenant.journal.keep_free = 0
    await publisher.send(*(muxer.part(0.25 * i, key=i % 4 == 0) for i in range(5, 10)))
    await stage.settle()

    assert (tenant.folder / "init-1.mp4").read_bytes() == muxer.init()
    found = read(tenant.folder)
    assert [s.epoch for s in found.sessions] == [1, 2]
    assert [(s.msn, s.init) for s in found.segments] == [(0, 0), (3, 1)]


async def test_a_session_whose_init_is_lost_begins_again_and_the_stream_lives(
    stage: Stage,
) -> None:
    publisher = stage.publisher(1)
    await publisher.begin(1.25)
    await stage.settle()
    await stage.kill()
    (stage.folder / KEY / "init-0.mp4").unlink()

    hole = await publisher.put(publisher.seq, muxer.part(1.25))
    publisher.seq = int(hole.headers["x-next"])
    await publisher.begin(1.25)

    assert hole.headers["x-next"] == "0"
    assert '#EXT-X-MAP:URI="init-1.mp4"' in await stage.text("ll.m3u8")


async def test_a_broken_init_on_disk_does_not_keep_the_stream_from_loading(stage: Stage) -> None:
    await stage.publisher(1).begin(1.25)
    await stage.settle()
    await stage.kill()
    (stage.folder / KEY / "init-0.mp4").write_bytes(b"rubbish")

    await stage.publisher(2).begin(1.25)

    assert segments_of(await stage.text("plain.m3u8")) == ["seg-0.m4s", "seg-1.m4s"]
