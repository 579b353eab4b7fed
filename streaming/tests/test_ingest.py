"""Parts come in: rights, order, repetition, limits."""

from __future__ import annotations

import asyncio

import pytest

from streaming.origin import limits
from streaming.tests import muxer
from streaming.tests.stage import KEY, Stage, code


async def test_a_part_is_taken_once_however_often_it_is_sent(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin(1)

    again = await publisher.put(2, muxer.part(0.25))
    first = await publisher.put(0, muxer.init())

    assert (again.status_code, again.headers["x-next"]) == (204, "5")
    assert (first.status_code, first.headers["x-next"]) == (204, "5")
    assert sum(len(s.parts) for s in [stage.live.open]) == 4


async def test_two_repetitions_at_the_same_time_count_once(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin()
    body = muxer.part(0, key=True)

    answers = await asyncio.gather(*(publisher.put(1, body) for _ in range(10)))

    assert {a.status_code for a in answers} == {204}
    assert len(stage.live.open.parts) == 1


async def test_a_hole_is_answered_with_the_number_that_comes_next(stage: Stage) -> None:
    publisher = stage.publisher(1)

    early = await publisher.put(3, muxer.part(0, key=True))
    await publisher.begin(0.5)
    hole = await publisher.put(5, muxer.part(1, key=True))

    assert (*code(early), early.headers["x-next"]) == (409, "hole", "0")
    assert (*code(hole), hole.headers["x-next"]) == (409, "hole", "3")


async def test_bad_media_uses_up_no_number(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin()

    bad = await publisher.put(1, b"\0\0\0\x08moofgarbage")
    good = await publisher.put(1, muxer.part(0, key=True))

    assert code(bad) == (422, "bad_media")
    assert bad.headers["x-next"] == "1"
    assert good.status_code == 204


async def test_a_session_begins_with_a_key_frame(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin()

    answer = await publisher.put(1, muxer.part(0))

    assert code(answer) == (422, "bad_media")
    assert "key frame" in answer.json()["detail"]


async def test_no_key_frame_for_long_is_refused(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin(0.25)
    await publisher.send(*(muxer.part(0.25 * index) for index in range(1, 24)))

    answer = await publisher.put(25, muxer.part(6))

    assert code(answer) == (422, "bad_media")


async def test_a_newer_session_takes_over_with_its_init(stage: Stage) -> None:
    old, new = stage.publisher(1), stage.publisher(2)
    await old.begin(0.5)
    # Control: the grant alone disturbs nobody.
    assert (await old.put(3, muxer.part(0.5))).status_code == 204

    await new.begin(0.5)

    assert code(await old.put(4, muxer.part(0.75))) == (403, "superseded")
    assert code(await old.end()) == (403, "superseded")
    assert (await new.put(3, muxer.part(0.5))).status_code == 204


async def test_an_older_session_cannot_come_back_with_a_new_init(stage: Stage) -> None:
    old, new = stage.publisher(1), stage.publisher(2)
    await new.begin(0.5)

    assert code(await old.put(0, muxer.init())) == (403, "superseded")


async def test_a_takeover_in_mid_sending_refuses_the_older_part(stage: Stage) -> None:
    old, new = stage.publisher(1), stage.publisher(2)
    await old.begin(0.5)
    half_sent = asyncio.Event()

    async def slow_body():
        body = muxer.part(0.5)
        yield body[:50]
        half_sent.set()
        await asyncio.sleep(0.05)
        yield body[50:]

    sending = asyncio.create_task(
        stage.client.put(
            f"{old.base}3",
            content=slow_body(),
            headers={"authorization": f"Bearer {old.token}"},
        )
    )
    await half_sent.wait()
    await new.begin(0.25)

    assert code(await sending) == (403, "superseded")


@pytest.mark.parametrize(
    ("spoil", "answer"),
    [
        (lambda t: "", (403, "bad_token")),
        (lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"), (403, "bad_token")),
        (lambda t: "1." + t, (403, "bad_token")),
        (lambda t: "é" + t, (403, "bad_token")),
    ],
)
async def test_a_spoiled_token_opens_nothing(stage: Stage, spoil, answer) -> None:
    publisher = stage.publisher(1)
    publisher.token = spoil(publisher.token)
    response = await stage.client.put(
        f"{publisher.base}0",
        content=muxer.init(),
        headers={"authorization": f"Bearer {publisher.token}".encode()},
    )
    assert code(response) == answer


async def test_a_token_of_another_stream_or_session_opens_nothing(stage: Stage) -> None:
    publisher, other = stage.publisher(1), stage.publisher(2)
    publisher.token = other.token
    assert code(await publisher.put(0, muxer.init())) == (403, "bad_token")

    elsewhere = stage.publisher(1, key="another")
    elsewhere.base = publisher.base
    assert code(await elsewhere.put(0, muxer.init())) == (403, "bad_token")


async def test_a_token_out_of_time_is_refused(stage: Stage) -> None:
    assert code(await stage.publisher(1, ttl=-2).put(0, muxer.init())) == (403, "expired")


async def test_an_ended_stream_refuses_its_key_at_once(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin(0.5)

    stage.desk.change(state="ENDED", revoked_epoch=2)
    await asyncio.sleep(0)

    assert code(await publisher.put(3, muxer.part(0.5))) == (403, "ended")
    assert code(await stage.publisher(3).put(0, muxer.init())) == (403, "ended")


async def test_withdrawn_tokens_are_refused_and_newer_ones_are_not(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin(0.5)

    stage.desk.change(revoked_epoch=1)
    await asyncio.sleep(0)

    assert code(await publisher.put(3, muxer.part(0.5))) == (403, "revoked")
    await stage.publisher(2).begin(0.5)


async def test_an_unknown_stream_is_not_found_and_an_unknowable_one_is_busy(stage: Stage) -> None:
    assert code(await stage.publisher(1, key="unknown").put(0, muxer.init())) == (404, "not_found")

    stage.desk.away = True
    busy = await stage.publisher(1).put(0, muxer.init())
    assert (*code(busy), busy.headers["retry-after"]) == (503, "busy", "1")

    stage.desk.away = False
    await stage.publisher(1).begin(0.5)


async def test_too_many_bytes_are_refused_announced_or_not(stage: Stage) -> None:
    publisher = stage.publisher(1)
    too_much = bytes(65 * 1024)

    async def chunks():
        for _ in range(65):
            yield bytes(1024)

    announced = await publisher.put(0, too_much)
    silent = await stage.client.put(
        f"{publisher.base}0",
        content=chunks(),
        headers={"authorization": f"Bearer {publisher.token}"},
    )

    assert code(announced) == (413, "too_large")
    assert code(silent) == (413, "too_large")


async def test_too_many_parts_have_to_wait(stage: Stage, monkeypatch) -> None:
    publisher = stage.publisher(1)
    await publisher.begin(0.25)
    bucket = stage.origin.house().tenants[KEY].parts
    bucket.level, bucket.per_second = 0.0, 0.5

    refused = await publisher.put(2, muxer.part(0.25))
    repeated = await publisher.put(1, muxer.part(0, key=True))
    bucket.level = 1.0
    taken = await publisher.put(2, muxer.part(0.25))

    assert code(refused) == (429, "too_fast")
    assert int(refused.headers["retry-after"]) >= 2
    assert repeated.status_code == 204
    assert taken.status_code == 204


def test_the_burst_covers_a_ring_sent_again_after_a_pause() -> None:
    bucket = limits.Bucket(limits.PARTS_BURST, limits.PARTS_PER_SECOND)

    assert [bucket.take(1, 0.0) for _ in range(120)] == [0.0] * 120


async def test_ends_and_comes_back_are_reported_once_each(stage: Stage) -> None:
    first, second = stage.publisher(1), stage.publisher(2)

    await first.begin(0.5)
    assert (await first.end()).status_code == 204
    assert (await first.end()).status_code == 204
    await second.begin(0.5)

    names = [report[0] for report in stage.desk.reports]
    assert names == [
        "session_started",
        "on_air",
        "off_air",
        "session_ended",
        "session_ended",
        "session_started",
        "on_air",
    ]


async def test_silence_is_an_interruption_and_a_part_ends_it(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin(0.5)
    house = stage.origin.house()
    house._tick()
    assert stage.live.state == "LIVE"

    stage.live.last_part_at -= 4.1
    house._tick()
    assert (await stage.get("status.json")).json()["state"] == "away"

    await publisher.send(muxer.part(0.5))
    assert [r[0] for r in stage.desk.reports][1:] == ["on_air", "off_air", "on_air"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"/ingest/{KEY}/session1/0", 405),
        ("PUT", f"/ingest/{KEY}/session1/end", 405),
        ("PUT", f"/ingest/{KEY}/session1/x", 404),
        ("PUT", f"/ingest/{KEY}/session1/-1", 404),
        ("PUT", f"/ingest/{KEY}/session1/1234567890", 404),
        ("PUT", f"/ingest/{KEY}/session1/²", 404),
        ("PUT", f"/ingest/{KEY}/session1/0/0", 404),
        ("PUT", "/ingest/", 404),
        ("GET", "/live/", 404),
        ("PUT", f"/live/x/{KEY}/ll.m3u8", 405),
    ],
)
async def test_other_addresses_and_methods_are_refused(
    stage: Stage, method: str, path: str, status: int
) -> None:
    headers = {"authorization": f"Bearer {stage.publisher(1).token}"}
    assert (await stage.client.request(method, path, headers=headers)).status_code == status


async def test_an_end_while_the_stream_is_being_loaded_is_not_missed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = stage.desk.facts(KEY)

    def overtaken(key: str):
        stage.desk.change(state="ENDED", revoked_epoch=2)
        return known

    monkeypatch.setattr(stage.desk, "facts", overtaken)
    await stage.get("status.json")
    await asyncio.sleep(0)

    assert code(await stage.publisher(1).put(0, muxer.init())) == (403, "ended")


async def test_a_stream_taken_for_dead_says_again_that_it_lives(stage: Stage) -> None:
    await stage.publisher(1).begin(0.5)
    stage.desk.change(state="LIVE")
    await asyncio.sleep(0)
    assert [r[0] for r in stage.desk.reports].count("on_air") == 1

    stage.desk.change(state="AWAY")
    await asyncio.sleep(0)

    assert [r[0] for r in stage.desk.reports].count("on_air") == 2
    assert (await stage.get("status.json")).json()["state"] == "live"
