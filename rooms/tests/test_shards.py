"""Rooms spread over two real Redis servers by their id."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import pytest

from rooms import actions, feed, shards, wire
from rooms.models import Room
from rooms.snapshot import snapshot
from rooms.tests import factories as make

# A killed Redis and all it carries is back within this.
BACK_SECONDS = 10.0


def test_an_added_server_takes_its_share_and_moves_no_other_room(settings) -> None:
    before_urls = [f"redis://:secret@10.0.0.{n}:6379/0" for n in (1, 2, 3)]
    settings.ROOM_REDIS_URLS = before_urls
    before = {room: shards.server_of(room) for room in range(4_000)}
    assert min(Counter(before.values()).values()) > 4_000 / 3 * 0.9
    settings.ROOM_REDIS_URLS = [*before_urls, "redis://:secret@10.0.0.4:6379/0"]
    after = {room: shards.server_of(room) for room in range(4_000)}
    moved = [room for room in before if before[room] != after[room]]
    assert 4_000 / 4 * 0.9 < len(moved) < 4_000 / 4 * 1.1
    assert {after[room] for room in moved} == {"redis://:secret@10.0.0.4:6379/0"}


def test_neither_order_nor_password_moves_a_room(settings) -> None:
    settings.ROOM_REDIS_URLS = [f"redis://:old@10.0.0.{n}:6379/0" for n in (1, 2, 3)]
    before = [shards.server_of(room).rpartition("@")[2] for room in range(200)]
    settings.ROOM_REDIS_URLS = [f"redis://:new@10.0.0.{n}:6379/0" for n in (3, 1, 2)]
    assert before == [shards.server_of(room).rpartition("@")[2] for room in range(200)]


def rooms_on(urls: list[str]) -> list[Room]:
    """One room on each server, in their order."""
    found: dict[str, Room] = {}
    while len(found) < len(urls):
        room = make.live_room(items=1)
        found.setdefault(shards.server_of(room.pk), room)
    return [found[url] for url in urls]


async def test_each_room_lives_on_its_server_alone(watch, db_do, redis_servers) -> None:
    rooms = await db_do(rooms_on, [server.url for server in redis_servers])
    person = await db_do(make.user)
    for room in rooms:
        talker, guest = await watch(room, person), await watch(room)
        await talker.send({"t": "chat", "text": f"in {room.pk}"}, {"t": "like", "n": 3})
        assert (await guest.get("chat"))["text"] == f"in {room.pk}"
        assert (await guest.get("likes"))["total"] == 3
        await guest.get("viewers", n=2)
        state = await db_do(snapshot, room.pk)
        assert [line["text"] for line in state["chat"]] == [f"in {room.pk}"]
        assert state["counts"] == {"viewers": 2, "likes": 3}
    for server, own, other in zip(redis_servers, rooms, reversed(rooms), strict=True):
        keys = server.keys()
        assert wire.stream_key(own.pk) in keys
        assert wire.chat_key(own.pk) in keys
        assert not {key for key in keys if key.endswith(f":{other.pk}")}
    tiles = await db_do(feed.tiles, rooms)
    assert [(tile["viewers"], tile["likes"]) for tile in tiles] == [(2, 3), (2, 3)]


@pytest.mark.timeout(90)
@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_one_dead_server_costs_its_own_rooms_freshness_and_nothing_else(
    watch, db_do, redis_servers, how: str
) -> None:
    dead, well = redis_servers
    dead_room, well_room = await db_do(rooms_on, [dead.url, well.url])
    person = await db_do(make.user)
    in_dead, in_well = await watch(dead_room), await watch(well_room)
    talker = await watch(dead_room, person)
    frozen = dead.freeze
    if how == "killed":
        dead.kill9()
    else:
        frozen.__enter__()
    try:
        # The other room: what another process pushes comes by its stream, at its own pace.
        began = time.monotonic()
        await db_do(actions.post_chat, room=well_room, user=person, text="all well")
        assert (await in_well.get("chat"))["text"] == "all well"
        await in_well.get("viewers", n=1)
        assert time.monotonic() - began < 4
        # The dead server's room: its viewers still hear each other, and nothing durable is lost.
        await talker.send({"t": "chat", "id": "dark", "text": "dark here"})
        await in_dead.get("chat", text="dark here")
        item = await db_do(make.first_item, dead_room)
        await db_do(
            actions.pin, room=dead_room, placement_id=item.placement_id, actor=dead_room.anchor
        )
        assert (await in_dead.get("pin"))["placement"] == item.placement_id
        tiles = await db_do(feed.tiles, [dead_room, well_room])
        assert [tile["viewers"] for tile in tiles] == [0, 1]
    finally:
        if how == "killed":
            dead.start()
        else:
            frozen.__exit__(None, None, None)
    # Back, and empty if it was killed: what another process says is heard again.
    began = time.monotonic()
    number = 0
    while not in_dead.all("chat") or in_dead.all("chat")[-1]["text"] == "dark here":
        assert time.monotonic() - began < BACK_SECONDS
        number += 1
        person = await db_do(make.user)
        await db_do(actions.post_chat, room=dead_room, user=person, text=f"back {number}")
        await asyncio.sleep(0.25)
    texts = [event["text"] for event in in_dead.all("chat")]
    assert len(texts) == len(set(texts))
