"""People are counted, not sockets, over all processes of a room."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from core import redis
from rooms import hub, presence
from rooms.hub import Hub, RoomChannel
from rooms.hub.sessions import identify
from rooms.hub.viewer import Viewer
from rooms.models import Room
from rooms.numbers import numbers
from rooms.snapshot import snapshot
from rooms.tests import factories as make
from rooms.tests.conftest import sign_in

# A process that is gone is forgotten within this.
FORGOTTEN_SECONDS = 14.0


class Elsewhere:
    """A second server process, as far as Redis can tell."""

    def __init__(self) -> None:
        self.hub = Hub()

    async def watch(self, room: Room, identity: Any = None, visitor: str = "") -> RoomChannel:
        async def send(message: dict[str, Any]) -> None:
            return

        channel = await self.hub.open(room.pk)
        assert channel is not None
        viewer = Viewer(
            send,
            identity,
            visitor=visitor,
            on_drained=lambda _: None,
            on_close=lambda code: None,
        )
        self.hub.join(channel, viewer)
        return channel

    def crash(self) -> None:
        """Stop as by kill -9: nothing is taken back."""
        for shard in self.hub._shards.values():
            shard._beating.cancel()
            shard._reading.cancel()


@pytest_asyncio.fixture
async def elsewhere(transactional_db: Any) -> AsyncIterator[Elsewhere]:
    process = Elsewhere()
    yield process
    await process.hub.close()


def last_count(watcher: Any) -> int:
    return watcher.all("viewers")[-1]["n"] if watcher.all("viewers") else 0


async def test_somebody_on_two_processes_is_one(watch, db_do, elsewhere) -> None:
    room = await db_do(make.live_room)
    anna, bert = await db_do(make.user), await db_do(make.user)
    guest = await watch(room)
    await watch(room, anna)
    await elsewhere.watch(room, await db_do(lambda: identify(sign_in(anna))))
    await elsewhere.watch(room, await db_do(lambda: identify(sign_in(bert))))
    await elsewhere.watch(room, visitor="a-guest-elsewhere")
    await guest.until(lambda: last_count(guest) == 4)
    # Two beats later it is still exact.
    await asyncio.sleep(2.2)
    assert last_count(guest) == 4
    assert (await db_do(snapshot, room.pk))["counts"]["viewers"] == 4
    assert (await db_do(presence.counts, [room.pk]))[room.pk].watching == 4


async def test_a_guest_keeps_an_identity_of_the_browser(watch, db_do) -> None:
    room = await db_do(make.live_room)
    first = await watch(room)
    assert "Path=/ws/; HttpOnly; SameSite=Lax" in first.cookies_set
    visitor = first.cookies_set.partition(";")[0].partition("=")[2]
    second = await watch(room, visitor=visitor)
    assert not second.cookies_set
    third = await watch(room)
    await third.until(lambda: last_count(third) == 2)
    channel = hub.current().channels[room.pk]
    assert (len(channel.viewers), channel.count) == (3, 2)
    await first.close()
    assert channel.count == 2
    forged = await watch(room, visitor="x" * 4000)
    assert forged.cookies_set
    assert channel.count == 3
    signed_in = await watch(room, await db_do(make.user))
    assert not signed_in.cookies_set


async def test_everybody_who_came_is_counted_once_for_the_studio(watch, db_do, elsewhere) -> None:
    room = await db_do(make.live_room)
    anna = await db_do(make.user)
    one = await watch(room, anna)
    await one.get("viewers", n=1)
    await one.close()
    guest = await watch(room)
    await watch(room, anna)
    await elsewhere.watch(room, await db_do(lambda: identify(sign_in(anna))))
    await guest.until(lambda: last_count(guest) == 2)
    assert (await db_do(numbers, room))["unique_viewers"] == 2


@pytest.mark.timeout(90)
async def test_a_crowd_of_twenty_thousand_is_counted_within_three_percent(
    watch, db_do, elsewhere
) -> None:
    room = await db_do(make.live_room)
    guest = await watch(room)
    here = hub.current().channels[room.pk]
    there = await elsewhere.watch(room)
    # 4 000 of them are in both processes.
    for number in range(12_000):
        here.people.add(f"g{number}")
    for number in range(8_000, 20_000):
        there.people.add(f"g{number}")

    def right() -> bool:
        return abs(last_count(guest) - 20_002) <= 0.03 * 20_002

    # Until both have added everybody the sum of the processes stands in.
    give_up = time.monotonic() + 25
    while not right():
        assert time.monotonic() < give_up, last_count(guest)
        await asyncio.sleep(0.2)
    settled = len(guest.all("viewers"))
    await asyncio.sleep(4.0)
    for event in guest.all("viewers")[settled:]:
        assert abs(event["n"] - 20_002) <= 0.03 * 20_002
    assert abs((await db_do(presence.unique, room.pk)) - 20_002) <= 0.03 * 20_002
    # Half of it leaves, and then nearly all: named again, to the last person.
    for number in range(8_000, 20_000):
        there.people.remove(f"g{number}")
    for number in range(11_900):
        here.people.remove(f"g{number}")
    give_up = time.monotonic() + 15
    while last_count(guest) != 102:
        assert time.monotonic() < give_up, last_count(guest)
        await asyncio.sleep(0.2)


@pytest.mark.timeout(60)
async def test_a_killed_process_is_forgotten(watch, db_do, elsewhere) -> None:
    room = await db_do(make.live_room)
    guest = await watch(room)
    for _ in range(5):
        await elsewhere.watch(room)
    await guest.until(lambda: last_count(guest) == 6)
    elsewhere.crash()
    began = time.monotonic()
    while last_count(guest) != 1:
        assert time.monotonic() - began < FORGOTTEN_SECONDS
        await asyncio.sleep(0.1)


async def test_commands_a_beat_do_not_grow_with_the_crowd(watch, db_do, own_redis) -> None:
    room = await db_do(make.live_room)
    await watch(room)
    shard = next(iter(hub.current()._shards.values()))
    channel = hub.current().channels[room.pk]

    async def commands() -> int:
        """Of one beat by hand, the server's own count."""
        shard._beating.cancel()
        before = await asyncio.to_thread(lambda: redis.client(shard.url).info("stats"))
        await shard.beat()
        after = await asyncio.to_thread(lambda: redis.client(shard.url).info("stats"))
        return after["total_commands_processed"] - before["total_commands_processed"]

    await commands()
    quiet = [await commands() for _ in range(3)]
    few = max(quiet)
    # Where nobody comes or goes, only one beat of three asks.
    assert sorted(quiet)[1] < few
    for number in range(presence.CROWD_BATCH - 10):
        channel.people.add(f"g{number}")
    await commands()
    assert await commands() <= few + 4
    assert channel.headcount.crowd


def test_what_processes_wrote_is_added_up_and_the_silent_are_left_out() -> None:
    now = 1_000.0
    entries = {
        "a": "2:999:u1,gx",
        "b": "2:998:u1,u2",
        "gone": f"7:{now - presence.FRESH_SECONDS - 1:.0f}:u9",
        "empty": "0:1000:",
    }
    found = presence.tally(entries, now)
    assert (found.total, found.people, found.largest) == (4, 3, 2)
    crowded = presence.tally({**entries, "big": "600:1000"}, now)
    assert (crowded.total, crowded.people, crowded.largest) == (604, None, 600)
