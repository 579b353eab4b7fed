"""What viewers are given: playlists, waiting, rights, caches."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import time
from urllib.parse import unquote

import pytest

from streaming.origin.facts import MarkerFact
from streaming.tests import muxer
from streaming.tests.stage import KEY, Stage, code


def parts_of(playlist: str) -> list[str]:
    return re.findall(r'EXT-X-PART:.*URI="([^"]+)"', playlist)


def segments_of(playlist: str) -> list[str]:
    return re.findall(r"^seg-\d+\.m4s$", playlist, re.MULTILINE)


async def test_before_the_first_part_there_is_nothing_to_play(stage: Stage) -> None:
    assert code(await stage.get("ll.m3u8")) == (404, "not_started")
    await stage.publisher(1).begin()
    assert code(await stage.get("plain.m3u8")) == (404, "not_started")
    assert (await stage.get("status.json")).json() == {
        "state": "waiting",
        "latency_hint_ms": 1300,
        "recording": "none",
    }


async def test_the_low_latency_playlist_names_parts_segments_and_what_comes_next(
    stage: Stage,
) -> None:
    await stage.publisher(1).begin(2.5)

    playlist = await stage.text("ll.m3u8")

    assert playlist.startswith("#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n")
    assert "CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.050" in playlist
    assert segments_of(playlist) == ["seg-0.m4s", "seg-1.m4s"]
    assert parts_of(playlist)[-2:] == ["part-2.0.m4s", "part-2.1.m4s"]
    assert playlist.count("INDEPENDENT=YES") == 3
    assert playlist.endswith('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part-2.2.m4s"\n')


async def test_the_plain_playlist_has_the_same_segments_and_no_parts(stage: Stage) -> None:
    await stage.publisher(1).begin(3.5)

    playlist = await stage.text("plain.m3u8")

    assert segments_of(playlist) == ["seg-0.m4s", "seg-1.m4s", "seg-2.m4s"]
    assert "PART" not in playlist.replace("PARTIAL", "")


async def test_segments_are_their_parts_and_parts_what_was_sent(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin()
    sent = muxer.show(1.25)
    await publisher.send(*sent)

    assert (await stage.get("init-0.mp4")).content == muxer.init()
    assert (await stage.get("seg-0.m4s")).content == b"".join(sent[:4])
    for index in range(4):
        assert (await stage.get(f"part-0.{index}.m4s")).content == sent[index]
    assert (await stage.get("part-1.0.m4s")).content == sent[4]
    assert code(await stage.get("part-0.4.m4s")) == (404, "not_found")
    assert code(await stage.get("seg-1.m4s")) == (404, "not_found")


async def test_the_window_slides_and_old_segments_come_from_the_disk(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin(30)
    await stage.settle()

    playlist = await stage.text("plain.m3u8")

    assert "#EXT-X-MEDIA-SEQUENCE:19\n" in playlist
    assert len(segments_of(playlist)) == 10
    assert len(parts_of(await stage.text("ll.m3u8"))) == 4 + 3 * 4
    assert len(stage.live.kept) == 16
    assert (await stage.get("seg-0.m4s")).content == b"".join(muxer.show(30)[:4])


async def test_the_clock_of_the_camera_stands_in_the_playlist(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin()
    captured = round(time.time() * 1000) - 5000

    for index, body in enumerate(muxer.show(2.25)):
        # A camera's clock trembles; the time line must not.
        trembling = captured + 250 * index + (40 if index % 8 == 4 else 0)
        await publisher.send(body, **{"x-capture-time": str(trembling)})

    stamps = [s.at for s in stage.live.window]
    assert stamps == [captured, captured + 1000]
    assert "#EXT-X-PROGRAM-DATE-TIME:20" in await stage.text("ll.m3u8")


@pytest.mark.parametrize("wrong", ["", "x", "nan", "inf", "1e999", "-1", "99999999999999", "0"])
async def test_an_impossible_capture_time_is_ignored(stage: Stage, wrong: str) -> None:
    publisher = stage.publisher(1)
    await publisher.begin()

    await publisher.send(muxer.part(0, key=True), **{"x-capture-time": wrong})

    assert abs(stage.live.open.at - 1000 * time.time()) < 2000


async def test_a_reload_waits_for_its_part_and_wakes_with_it(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin(1.25)

    ready = await stage.get("ll.m3u8?_HLS_msn=1&_HLS_part=0")
    waiting = asyncio.create_task(stage.get("ll.m3u8?_HLS_msn=1&_HLS_part=1"))
    whole = asyncio.create_task(stage.get("ll.m3u8?_HLS_msn=1"))
    hinted = asyncio.create_task(stage.get("part-1.1.m4s"))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    assert not hinted.done()
    await publisher.send(muxer.part(1.25))
    answer = await waiting
    part = await hinted

    assert ready.status_code == 200
    assert parts_of(answer.text)[-1] == "part-1.1.m4s"
    assert part.content == muxer.part(1.25)
    assert not whole.done()
    await publisher.send(muxer.part(1.5), muxer.part(1.75), muxer.part(2, key=True))
    assert segments_of((await whole).text) == ["seg-0.m4s", "seg-1.m4s"]


async def test_a_hint_that_a_new_segment_overtakes_is_not_found(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin(1)

    hinted = asyncio.create_task(stage.get("part-0.4.m4s"))
    await asyncio.sleep(0.02)
    await publisher.send(muxer.part(1, key=True))

    assert code(await hinted) == (404, "not_found")


async def test_a_reload_in_vain_is_503_on_air_and_the_old_playlist_while_away(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.origin.playout.WAIT_TARGET_DURATIONS", 0.02)
    await stage.publisher(1).begin(1.25)

    on_air = await stage.get("ll.m3u8?_HLS_msn=1&_HLS_part=1")
    stage.live.state = "AWAY"
    away = await stage.get("ll.m3u8?_HLS_msn=1&_HLS_part=1")

    assert code(on_air) == (503, "late")
    assert away.status_code == 200
    assert away.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "query", ["_HLS_msn=9", "_HLS_msn=x", "_HLS_part=1", "_HLS_msn=1&_HLS_part=-1", "_HLS_msn="]
)
async def test_a_senseless_reload_is_refused(stage: Stage, query: str) -> None:
    await stage.publisher(1).begin(1.25)
    answer = await stage.get(f"ll.m3u8?{query}")
    # An empty value is no directive at all.
    assert answer.status_code == (200 if query.endswith("=") else 400)


async def test_the_end_wakes_everybody_and_closes_the_playlists(stage: Stage) -> None:
    await stage.publisher(1).begin(1.5)
    waiting = [asyncio.create_task(stage.get("ll.m3u8?_HLS_msn=2")) for _ in range(5)]
    await asyncio.sleep(0.02)

    stage.desk.change(state="ENDED", revoked_epoch=2)

    for answer in await asyncio.gather(*waiting):
        assert answer.text.endswith("#EXT-X-ENDLIST\n")
        assert segments_of(answer.text) == ["seg-0.m4s", "seg-1.m4s"]
    assert (await stage.text("plain.m3u8")).endswith("#EXT-X-ENDLIST\n")


async def test_a_new_session_is_a_discontinuity_with_its_own_map(stage: Stage) -> None:
    await stage.publisher(1).begin(1.5)
    await stage.publisher(2).begin(1.25)

    playlist = await stage.text("ll.m3u8")

    assert playlist.count("#EXT-X-DISCONTINUITY\n") == 1
    assert '#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="init-1.mp4"\n' in playlist
    assert segments_of(playlist) == ["seg-0.m4s", "seg-1.m4s", "seg-2.m4s"]
    assert "#EXT-X-DISCONTINUITY-SEQUENCE:0\n" in playlist


async def test_discontinuities_that_leave_the_window_are_counted(stage: Stage) -> None:
    await stage.publisher(1).begin(1.5)
    await stage.publisher(2).begin(20)

    playlist = await stage.text("plain.m3u8")

    assert "#EXT-X-DISCONTINUITY-SEQUENCE:1\n" in playlist
    assert "#EXT-X-DISCONTINUITY\n" not in playlist
    assert '#EXT-X-MAP:URI="init-1.mp4"' in playlist


async def test_a_jump_of_the_time_line_is_a_discontinuity(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin(1.25)

    refused = await publisher.put(publisher.seq, muxer.part(100))
    await publisher.send(muxer.part(100, key=True), muxer.part(100.25))

    assert code(refused) == (422, "bad_media")
    assert (await stage.text("ll.m3u8")).count("#EXT-X-DISCONTINUITY\n") == 1


async def test_small_holes_between_parts_do_not_add_up(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin()
    # Each part claims 0.24 s but the next begins 0.25 s later, as some recorders do.
    for index in range(9):
        await publisher.send(muxer.part(0.25 * index, frame=0.04, key=index % 4 == 0))

    assert [round(s.duration, 3) for s in stage.live.window] == [1.0, 1.0]


async def test_sound_without_picture_goes_on(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.send(muxer.init(audio=muxer.audio_entry()))
    await publisher.send(muxer.part(0, key=True, sound=0.24))
    for index in range(1, 20):
        await publisher.send(muxer.part(0.26 * index, frames=0, sound=0.26))

    assert stage.live.window[0].duration >= 4


async def test_markers_travel_as_date_ranges_that_cannot_break_the_playlist(stage: Stage) -> None:
    await stage.publisher(1).begin(1.25)
    before = await stage.text("ll.m3u8")
    payload = {"sku": 'a"b\n', "名": "红"}
    marker = MarkerFact(
        7, "pin", 'He said "hi"\n#EXT-X-ENDLIST', "p:5", payload, stage.live.open.at
    )

    stage.desk.change(markers=(marker,))
    await asyncio.sleep(0)
    playlist = await stage.text("ll.m3u8")

    assert "DATERANGE" not in before
    (line,) = [line for line in playlist.splitlines() if "DATERANGE" in line]
    assert line.startswith('#EXT-X-DATERANGE:ID="m7",CLASS="liveshop.pin",START-DATE="20')
    assert "X-LABEL=\"He said 'hi'#EXT-X-ENDLIST\"" in line
    data = re.search(r'X-DATA="([^"]+)"', line)
    assert data is not None
    assert json.loads(unquote(data[1])) == payload


async def test_addresses_are_good_for_one_stream_and_for_a_time(stage: Stage) -> None:
    await stage.publisher(1).begin(1.25)
    good = stage.base()
    token = good.split("/")[2]
    spoiled = token[:-1] + ("A" if token[-1] != "A" else "B")

    assert (await stage.client.get(f"{good}ll.m3u8")).status_code == 200
    assert code(await stage.client.get(f"/live/{spoiled}/{KEY}/ll.m3u8")) == (403, "bad_token")
    assert code(await stage.client.get(f"/live/{token}/other/ll.m3u8")) == (403, "bad_token")
    assert code(await stage.client.get(f"{stage.base(ttl=-2)}ll.m3u8")) == (410, "expired")
    assert code(await stage.client.get(f"/live/zz/{KEY}/ll.m3u8")) == (403, "bad_token")


async def test_a_cache_in_front_can_ask_whether_an_address_is_good(stage: Stage) -> None:
    token = stage.base().split("/")[2]

    assert (await stage.get("allow")).status_code == 204
    assert (await stage.client.get(f"/live/{token}/other/allow")).status_code == 403
    assert (await stage.client.get(f"{stage.base(ttl=-2)}allow")).status_code == 410
    assert not stage.origin.house().tenants, "asking loads nothing"


@pytest.mark.parametrize(
    "name",
    ["", "lock", "journal.jsonl", "../other", "seg-0.m4s%0A", "init-99.mp4", "part-0.m4s", "seg-²"],
)
async def test_nothing_else_of_the_folder_can_be_read(stage: Stage, name: str) -> None:
    await stage.publisher(1).begin(1.25)
    assert (await stage.get(name)).status_code in {403, 404}


async def test_caches_are_told_how_long_each_file_holds(stage: Stage) -> None:
    await stage.publisher(1).begin(1.25)

    async def age(name: str) -> str:
        return (await stage.get(name)).headers["cache-control"]

    for name in ["init-0.mp4", "seg-0.m4s", "part-0.1.m4s"]:
        assert await age(name) == "public, max-age=3600, immutable"
    assert await age("ll.m3u8") == "public, max-age=1"
    assert await age("ll.m3u8?_HLS_msn=1&_HLS_part=0") == "public, max-age=6"
    assert await age("plain.m3u8") == "public, max-age=1"
    assert await age("status.json") == "public, max-age=1"
    assert await age("seg-99.m4s") == "no-store"


async def test_a_playlist_is_made_and_packed_once_for_each_version(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    compress = gzip.compress
    monkeypatch.setattr(gzip, "compress", lambda *a, **k: made.append(1) or compress(*a, **k))
    publisher = stage.publisher(1)
    await publisher.begin(1.25)
    headers = {"accept-encoding": "gzip"}

    answers = await asyncio.gather(*(stage.get("ll.m3u8", headers=headers) for _ in range(20)))
    plain = await stage.get("ll.m3u8", headers={"accept-encoding": "identity"})

    assert len(made) == 1
    assert {a.text for a in answers} == {plain.text}
    assert answers[0].headers["content-encoding"] == "gzip"


async def test_head_has_the_length_and_no_body(stage: Stage) -> None:
    await stage.publisher(1).begin(1.25)
    answer = await stage.client.head(f"{stage.base()}seg-0.m4s")
    assert answer.status_code == 200
    assert answer.content == b""
    assert int(answer.headers["content-length"]) == sum(map(len, muxer.show(1)))
