"""A Redis that is killed, emptied, or comes back with another clock: rooms converge within ten seconds."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from orders.models import Order
from rooms import actions, history, hub, wire
from rooms.models import ChatMessage
from rooms.snapshot import snapshot
from rooms.tests import factories as make
from rooms.tests.test_presence import Elsewhere, elsewhere, last_count
from rooms.tests.test_recovery import shown

__all__ = ["elsewhere"]

BACK_SECONDS = 10.0

pytestmark = pytest.mark.timeout(90)


async def within(seconds: float, condition: Any, *, poke: Any = None) -> None:
    """Wait for `condition`, calling `poke` between looks."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up
        if poke is not None:
            await poke()
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("how", ["killed", "flushed"])
async def test_all_processes_converge_when_redis_is_back(
    watch, db_do, own_redis, elsewhere: Elsewhere, how: str
) -> None:
    room = await db_do(make.live_room, items=2)
    guest, talker = await watch(room), await watch(room, await db_do(make.user))
    await guest.send({"t": "hello", "s": None})
    await guest.get("reset")
    other = await elsewhere.watch(room)
    heard: list[str] = []
    take_chat = other._take_chat
    other._take_chat = lambda at, fields: (heard.append(fields["d"]), take_chat(at, fields))[1]  # type: ignore[method-assign]
    await talker.send({"t": "chat", "text": "before"})
    await within(5, lambda: last_count(guest) == 3 and heard)

    first = await db_do(make.first_item, room)
    if how == "killed":
        own_redis.kill9()
        await db_do(actions.pin, room=room, placement_id=first.placement_id, actor=room.anchor)
        await asyncio.to_thread(own_redis.start)
    else:
        with own_redis.client() as client:
            client.flushall()
        await db_do(actions.pin, room=room, placement_id=first.placement_id, actor=room.anchor)
    began = time.monotonic()

    async def say() -> None:
        person = await db_do(make.user)
        await db_do(actions.post_chat, room=room, user=person, text="after")
        await asyncio.sleep(0.3)

    def converged() -> bool:
        return bool(
            other.head == hub.current().channels[room.pk].head
            and any("after" in line for line in heard)
            and [event for event in guest.all("chat") if event["text"] == "after"]
        )

    await within(BACK_SECONDS, converged, poke=say)
    fresh = await db_do(snapshot, room.pk)
    while (fresh["counts"]["viewers"], last_count(guest)) != (3, 3):
        assert time.monotonic() - began < BACK_SECONDS
        await asyncio.sleep(0.2)
        fresh = await db_do(snapshot, room.pk)
    await guest.until(lambda: guest.state["s"] == fresh["s"])
    assert shown(guest.state) == shown(fresh)
    assert fresh["counts"]["viewers"] == 3
    lines = [event["id"] for event in guest.all("chat")]
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize("how", ["killed", "flushed"])
async def test_a_redis_whose_clock_is_behind_is_read_all_the_same(
    watch, db_do, own_redis, how: str
) -> None:
    room = await db_do(make.live_room)
    guest, talker = await watch(room), await watch(room, await db_do(make.user))
    await talker.send({"t": "chat", "text": "before"})
    await guest.get("chat")
    await guest.get("viewers", n=2)
    channel = hub.current().channels[room.pk]
    assert channel.last_id > "1"
    line = {"k": "chat", "u": "0", "r": "anchor", "d": wire.encode({"t": "chat", "text": "low"})}
    if how == "killed":
        own_redis.kill9()
        await asyncio.to_thread(own_redis.start)
    with own_redis.client() as client:
        if how == "flushed":
            client.flushall()
        # As a server would number it whose clock says 1970.
        client.xadd(wire.stream_key(room.pk), line, id="5-1")
    began = time.monotonic()
    await guest.get("chat", text="low")
    assert time.monotonic() - began < BACK_SECONDS
    with own_redis.client() as client:
        client.xadd(wire.stream_key(room.pk), line, id="5-2")
    await guest.until(lambda: len(guest.all("chat")) == 3)
    assert channel.last_id == "5-2"


async def test_purchases_and_talk_go_on_without_redis(watch, db_do, own_redis) -> None:
    room = await db_do(make.live_room, items=1)
    item = await db_do(make.first_item, room)
    buyer = await watch(room, await db_do(make.buyer))
    guest = await watch(room)
    await guest.get("viewers", n=2)
    own_redis.kill9()
    variant = item.card["variants"][0]["id"]
    wish = {"t": "buy", "placement": item.placement_id, "variant": variant, "qty": 1}
    for number in range(3):
        await buyer.send({**wish, "key": f"without-redis-{number}"})
        await buyer.get("order.accepted", key=f"without-redis-{number}")
    assert await db_do(Order.objects.count) == 3
    await buyer.send({"t": "chat", "text": "bought three"}, {"t": "like", "n": 2})
    await guest.get("chat", text="bought three")
    assert (await guest.get("likes"))["total"] == 2
    # Whoever comes meanwhile is let in.
    late = await watch(room, query="s=0")
    await late.get("welcome")
    await late.get("viewers", n=3)


async def test_a_room_opened_while_redis_is_away_is_read_when_it_is_back(
    watch, db_do, own_redis
) -> None:
    room = await db_do(make.live_room)
    await watch(room)
    own_redis.kill9()
    other_room = await db_do(make.live_room)
    guest = await watch(other_room)
    await guest.get("welcome")
    await asyncio.to_thread(own_redis.start)

    async def say() -> None:
        person = await db_do(make.user)
        await db_do(actions.post_chat, room=other_room, user=person, text="hello again")
        await asyncio.sleep(0.3)

    await within(BACK_SECONDS, lambda: guest.all("chat"), poke=say)


async def test_the_chat_comes_back_after_a_loss(watch, db_do, own_redis) -> None:
    room = await db_do(make.live_room)
    people = [await watch(room, await db_do(make.user)) for _ in range(4)]
    for number, person in enumerate(people):
        await person.send({"t": "chat", "text": f"line {number}"})
        await people[0].get("chat", text=f"line {number}")

    async def logged() -> int:
        return await db_do(ChatMessage.objects.filter(room=room).count)

    while await logged() < len(people):
        await asyncio.sleep(0.1)
    own_redis.kill9()
    await asyncio.to_thread(own_redis.start)
    began = time.monotonic()
    before = ["line 0", "line 1", "line 2", "line 3"]

    async def shown_chat() -> list[str]:
        return [line["text"] for line in (await db_do(snapshot, room.pk))["chat"]]

    def listed() -> int:
        with own_redis.client() as client:
            return client.llen(wire.chat_key(room.pk))

    while listed() != len(before):
        assert time.monotonic() - began < BACK_SECONDS
        await asyncio.sleep(0.1)
    assert await shown_chat() == before
    # What was said since stands after it, and another process that comes back adds nothing.
    with own_redis.client() as client:
        client.delete(wire.chat_key(room.pk), wire.refilled_key(room.pk))
    await db_do(actions.post_chat, room=room, user=await db_do(make.user), text="after")
    for _ in range(2):
        await db_do(history.refill, [room.pk])
        assert await shown_chat() == [*before, "after"]
