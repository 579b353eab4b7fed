"""Nothing durable is lost: not by a lost push, a lost Redis, a slow reader, or hours away."""

from __future__ import annotations

import asyncio
from typing import Any

from core import redis
from rooms import actions, hub, wire
from rooms.fanout import BOUND
from rooms.hub import store
from rooms.models import RoomEvent
from rooms.snapshot import snapshot
from rooms.socket import socket_routes, stop_sockets
from rooms.tests import factories as make


def shown(state: dict[str, Any]) -> dict[str, Any]:
    """The part of a snapshot that durable events fold into."""
    video = {"state": state["video"]["state"]}
    return {**{k: state[k] for k in ("s", "room", "items", "pinned")}, "video": video}


async def test_events_reach_viewers_in_order_and_fold_into_the_snapshot(watch, db_do) -> None:
    room = await db_do(make.live_room, items=2)
    guest = await watch(room)
    await guest.send({"t": "hello", "s": None})
    await guest.get("reset")
    first = await db_do(make.first_item, room)
    await db_do(actions.pin, room=room, placement_id=first.placement_id, actor=room.anchor)
    offer = await db_do(make.set_stock, first, 1)
    await db_do(actions.stock_changed, offer_id=offer)
    await db_do(actions.pull_item, room=room, placement_id=first.placement_id, actor=room.anchor)
    await guest.get("item.pulled")
    fresh = await db_do(snapshot, room.pk)
    assert guest.state is not None
    assert shown(guest.state) == shown(fresh)
    numbers = [event["s"] for event in guest.events if "s" in event and event["t"] != "welcome"]
    assert numbers == sorted(numbers)


async def test_a_viewer_resumes_where_it_left(watch, db_do) -> None:
    room = await db_do(make.live_room, items=1)
    stays = await watch(room)
    here = (await stays.get("welcome"))["s"]
    first = await db_do(make.first_item, room)
    for placement in (first.placement_id, None, first.placement_id):
        await db_do(actions.pin, room=room, placement_id=placement, actor=room.anchor)
    await stays.until(lambda: len(stays.all("pin")) == 3)
    back = await watch(room, query=f"s={here}")
    await back.get("welcome", s=here + 3)
    assert [event["s"] for event in back.frames[0]] == [here + 3, here + 1, here + 2, here + 3]
    other = await watch(room)
    await other.send({"t": "hello", "s": here + 2})
    await other.until(lambda: other.all("pin"))
    assert [event["s"] for event in other.all("pin")] == [here + 3]


async def test_a_viewer_resumes_after_hours_from_the_database(watch, db_do) -> None:
    room = await db_do(make.live_room, items=1)
    before = await db_do(snapshot, room.pk)
    first = await db_do(make.first_item, room)
    for placement in (first.placement_id, None, first.placement_id):
        await db_do(actions.pin, room=room, placement_id=placement, actor=room.anchor)
    # Nobody was here, so no process has these events in its ring.
    back = await watch(room, query=f"s={before['s']}")
    await back.get("welcome")
    assert [event["s"] for event in back.all("pin")] == [before["s"] + n for n in (1, 2, 3)]


async def test_too_much_missed_is_a_reset_and_so_is_an_unknown_number(
    watch, db_do, monkeypatch
) -> None:
    monkeypatch.setattr(store, "CATCH_UP", 2)
    room = await db_do(make.live_room, items=3)
    late = await watch(room, query="s=0")
    assert (await late.get("reset"))["snapshot"]["s"] == 4
    future = await watch(room)
    await future.send({"t": "hello", "s": 10**9})
    assert (await future.get("reset"))["snapshot"]["s"] == 4


async def test_a_lost_push_is_filled_in_from_the_database(watch, db_do, monkeypatch) -> None:
    room = await db_do(make.live_room, items=1)
    guest = await watch(room)
    first = await db_do(make.first_item, room)
    with monkeypatch.context() as broken:
        broken.setattr("rooms.journal.push", lambda *args: False)
        await db_do(actions.pin, room=room, placement_id=first.placement_id, actor=room.anchor)
    await asyncio.sleep(0.3)
    assert not guest.all("pin")
    await db_do(actions.pin, room=room, placement_id=None, actor=room.anchor)
    await guest.until(lambda: len(guest.all("pin")) == 2)
    assert [event["placement"] for event in guest.all("pin")] == [first.placement_id, None]


async def test_a_lost_last_push_is_found_by_comparing_heads(watch, db_do, monkeypatch) -> None:
    room = await db_do(make.live_room, items=1)
    guest = await watch(room)
    monkeypatch.setattr("rooms.journal.push", lambda *args: False)
    first = await db_do(make.first_item, room)
    await db_do(actions.pin, room=room, placement_id=first.placement_id, actor=room.anchor)
    await hub.current()._check()
    assert (await guest.get("pin"))["placement"] == first.placement_id


async def test_redis_flushed_in_the_middle_loses_nothing_durable(watch, db_do) -> None:
    room = await db_do(make.live_room, items=1)
    person = await db_do(make.user)
    guest, talker = await watch(room), await watch(room, person)
    first = await db_do(make.first_item, room)
    await db_do(actions.pin, room=room, placement_id=first.placement_id, actor=room.anchor)
    await guest.get("pin")
    client = redis.client()
    for name in client.scan_iter(match=redis.key("*")):
        client.delete(name)
    await db_do(actions.pin, room=room, placement_id=None, actor=room.anchor)
    await guest.get("pin", placement=None)
    await talker.send({"t": "chat", "text": "still here"})
    assert (await guest.get("chat"))["text"] == "still here"


async def test_without_redis_rooms_go_on(watch, db_do, monkeypatch, settings) -> None:
    room = await db_do(make.live_room, items=1)
    first = await db_do(make.first_item, room)
    person = await db_do(make.user)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    redis.client.cache_clear()
    try:
        guest, talker = await watch(room), await watch(room, person)
        await talker.send({"t": "chat", "text": "anyone?"}, {"t": "like", "n": 3})
        assert (await guest.get("chat"))["text"] == "anyone?"
        assert (await guest.get("likes"))["n"] == 3
        await db_do(actions.pin, room=room, placement_id=first.placement_id, actor=room.anchor)
        await hub.current()._check()
        await guest.get("pin")
        assert (await db_do(snapshot, room.pk))["pinned"] == first.placement_id
    finally:
        redis.client.cache_clear()


async def test_a_viewer_who_does_not_read_is_bounded_and_then_closed(
    watch, db_do, monkeypatch
) -> None:
    monkeypatch.setattr("rooms.hub.viewer.STALLED_SECONDS", 0.2)
    room = await db_do(make.live_room)
    slow, quick = await watch(room), await watch(room)
    await slow.get("welcome")
    channel = hub.current().channels[room.pk]
    viewer = next(iter(channel.viewers))
    slow.reading.clear()
    filler = "x" * 4000
    for _ in range(12):
        channel.take_durable(
            channel.head + 1, wire.durable(channel.head + 1, "ticker", {"name": filler})
        )
        channel.flush()
    assert not viewer.lagging
    for number in range(40):
        channel._soft.append(wire.encode({"t": "chat", "text": filler}))
        channel.flush()
        assert viewer.unsent <= BOUND + 5000, number
    assert viewer.lagging
    assert viewer.missed
    await quick.until(lambda: len(quick.all("chat")) == 40)
    async with asyncio.timeout(8):
        while not slow.over:
            await asyncio.sleep(0.02)
    assert viewer.closed
    assert viewer not in channel.viewers


async def test_even_what_is_addressed_to_a_viewer_is_bounded(watch, db_do) -> None:
    room = await db_do(make.live_room)
    slow = await watch(room)
    await slow.get("welcome")
    viewer = next(iter(hub.current().channels[room.pk].viewers))
    slow.reading.clear()
    sent = 0
    while not viewer.closed:
        viewer.push({"t": "pong", "now": "x" * 4000})
        sent += 4000
    assert BOUND < sent <= 2 * BOUND + 8000


async def test_a_viewer_who_reads_again_gets_every_durable_event(watch, db_do) -> None:
    room = await db_do(make.live_room)
    slow = await watch(room)
    await slow.get("welcome")
    channel = hub.current().channels[room.pk]
    here = channel.head
    slow.reading.clear()
    for _ in range(25):
        channel.take_durable(
            channel.head + 1, wire.durable(channel.head + 1, "ticker", {"name": "x" * 4000})
        )
        channel.flush()
    slow.reading.set()
    await slow.until(lambda: len(slow.all("ticker")) == 25)
    assert [event["s"] for event in slow.all("ticker")] == list(range(here + 1, here + 26))


async def test_a_restart_says_when_to_come_back(watch, db_do) -> None:
    room = await db_do(make.live_room)
    one, two = await watch(room), await watch(room, await db_do(make.user))
    await stop_sockets()
    for watcher in (one, two):
        bye = await watcher.get("bye")
        assert 0 < bye["retry_ms"] <= 10_200
        await watcher.until(lambda watcher=watcher: watcher.closed)
        assert watcher.closed == 1012
    again = await watch(room)
    await again.get("welcome")


async def test_events_commit_in_order_however_many_act_at_once(watch, db_do) -> None:
    room = await db_do(make.live_room, items=3)
    guest = await watch(room)
    here = (await guest.get("welcome"))["s"]
    placements = [item["placement"] for item in (await db_do(snapshot, room.pk))["items"]]
    await asyncio.gather(
        *(
            db_do(actions.pin, room=room, placement_id=placement, actor=room.anchor)
            for placement in [*placements, *placements]
        )
    )
    count = await db_do(RoomEvent.objects.filter(room=room, seq__gt=here).count)
    await guest.until(lambda: len(guest.all("pin")) == count)
    assert [event["s"] for event in guest.all("pin")] == list(range(here + 1, here + count + 1))


async def test_a_server_that_refuses_a_frame_ends_the_connection(watch, db_do) -> None:
    room = await db_do(make.live_room)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def limited(message: Any) -> None:
            if len(message.get("text", "")) > 1000:
                raise ValueError("too long for me")
            await send(message)

        await socket_routes(scope, receive, limited)

    guest = await watch(room, app=app)
    await guest.get("welcome")
    channel = hub.current().channels[room.pk]
    channel.take_durable(
        channel.head + 1, wire.durable(channel.head + 1, "ticker", {"name": "x" * 2000})
    )
    await guest.until(lambda: guest.closed)
    assert guest.closed == 1011
    async with asyncio.timeout(8):
        while channel.viewers:
            await asyncio.sleep(0.02)
