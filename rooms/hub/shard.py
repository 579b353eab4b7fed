"""One Redis server as one process uses it: what it reads, what it writes, and how it comes back.

Each server has loops of its own, so a dead one holds up no room of another.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import redis as redis_errors

from core import redis
from rooms import presence, wire
from rooms.hub.channel import RoomChannel
from rooms.hub.crowd import Crowd
from rooms.hub.outgoing import Entry, Outgoing

log = logging.getLogger(__name__)

BLOCK_SECONDS = 5.0
BEAT_SECONDS = 1.0
# A room where nobody has come or gone here is counted at every so manieth beat only.
QUIET_BEATS = 3
READ_COUNT = 500
# Part of a tick in which entries gather before the next read.
GATHERED = 0.3
START = "0-0"
# How long the count of a room outlives the last hub that counted, and how often it is repeated.
WATCHING_SECONDS = 10
WATCHING_AGAIN_SECONDS = 2.5

AWAY = (redis_errors.RedisError, OSError, TimeoutError)

Fields = Mapping[str, str]


class Shard:
    """`channels` are the rooms of this process that the server holds; the hub adds and removes them.

    `on_return` is awaited when the server is back after a loss, with or without its data.
    """

    def __init__(
        self,
        url: str,
        node: str,
        *,
        crowd: Crowd,
        take_locally: Callable[[int, Entry], None],
        on_return: Callable[[Shard], Awaitable[None]],
    ) -> None:
        self.url = url
        self.node = node
        self._crowd = crowd
        self.channels: dict[int, RoomChannel] = {}
        self._client = redis.async_client(url)
        self._reader = redis.async_client(url, blocking=True)
        self.outgoing = Outgoing(self._client, on_lost=take_locally)
        self._on_return = on_return
        self._control = redis.key("rooms", "control", node)
        self._control_id = START
        self._listeners: dict[str, Callable[[Fields], None]] = {}
        self._listened: dict[str, str] = {}
        # The reader found the server gone, so what it knows of places may be of another life.
        self._lost = False
        self._life: str | None = None
        # The server's clock minus ours, in seconds.
        self._skew = 0.0
        self._written: dict[int, tuple[int, float]] = {}
        # Room → changes among its people that the others have been told.
        self._counted: dict[int, int] = {}
        self._beats = 0
        self._returns: set[asyncio.Task[None]] = set()
        self._reading = asyncio.create_task(self._read(), name="room-reader")
        self._beating = asyncio.create_task(self._repeat(), name="room-beat")

    # Rooms -------------------------------------------------------------------------------

    def listen(self, stream: str, take: Callable[[Fields], None]) -> None:
        """Also read `stream`, from now on."""
        self._listeners[stream] = take
        self._listened[stream] = ""

    async def place(self, room_id: int) -> tuple[str, int]:
        """(id of the newest entry in the room's stream, likes counted so far).

        ("", 0) while the server is away: the reader finds the place when it is back.
        """
        pipeline = self._client.pipeline(transaction=False)
        pipeline.xrevrange(wire.stream_key(room_id), count=1)
        pipeline.get(wire.likes_key(room_id))
        try:
            newest, likes = await pipeline.execute()
        except AWAY:
            return "", 0
        return (newest[0][0] if newest else START), int(likes or 0)

    async def follow(self, channel: RoomChannel) -> None:
        """Read this room too, from its `last_id` on."""
        self.channels[channel.id] = channel
        # Wakes the reader, which follows a stream of our own for that.
        with contextlib.suppress(*AWAY):
            await self._client.xadd(self._control, {"w": 1}, maxlen=10)
            await self._client.expire(self._control, 3600)

    async def unfollow(self, channel: RoomChannel) -> None:
        self.channels.pop(channel.id, None)
        self._written.pop(channel.id, None)
        self._counted.pop(channel.id, None)
        with contextlib.suppress(*AWAY):
            await self._client.hdel(wire.presence_key(channel.id), self.node)

    # Reading -----------------------------------------------------------------------------

    async def _read(self) -> None:
        pause = 0.1
        while True:
            try:
                await self._read_once()
                pause = 0.1
            except AWAY as error:
                self._lost = True
                log.warning("room reader: Redis away", extra={"error": repr(error)})
                await asyncio.sleep(pause)
                pause = min(2.0, pause * 2)
            except Exception:
                log.exception("room reader: entry not understood")
                await asyncio.sleep(pause)

    async def _read_once(self) -> None:
        if self._lost:
            await self._find_places()
            self._lost = False
            self._returned()
        await self._place_new()
        streams: dict[Any, Any] = {self._control: self._control_id, **self._listened}
        by_name = {wire.stream_key(c.id): c for c in self.channels.values() if c.last_id}
        streams.update((name, channel.last_id) for name, channel in by_name.items())
        async with asyncio.timeout(BLOCK_SECONDS * 3):
            answer = await self._reader.xread(
                streams, count=READ_COUNT, block=int(BLOCK_SECONDS * 1000)
            )
        busy = False
        for name, entries in _pairs(answer):
            if name == self._control:
                self._control_id = entries[-1][0]
            elif name in self._listeners:
                for entry_id, fields in entries:
                    self._listened[name] = entry_id
                    self._listeners[name](fields)
            elif (channel := by_name[name]).id in self.channels:
                for entry_id, fields in entries:
                    channel.last_id = entry_id
                    channel.take(entry_id, fields)
                busy = True
        if busy:
            # What came has left at once, and more of the same room waits for its tick anyway; one
            # read for several entries costs a fraction of a read for each.
            await asyncio.sleep(self._crowd.tick * GATHERED)

    async def _place_new(self) -> None:
        """Begin at the end of streams whose place was not known yet."""
        for name in [name for name, at in self._listened.items() if not at]:
            self._listened[name] = (await self._newest([name]))[0]
        new = [channel for channel in self.channels.values() if not channel.last_id]
        if new:
            newest = await self._newest(wire.stream_key(channel.id) for channel in new)
            for channel, at in zip(new, newest, strict=True):
                channel.last_id = channel.last_id or at

    async def _find_places(self) -> None:
        """After a loss: a stream whose newest entry is older than our place is a new one.

        Its ids come from a clock that may be behind, so all of it is read, or it would be skipped.
        """
        known = [channel for channel in self.channels.values() if channel.last_id]
        names = [wire.stream_key(channel.id) for channel in known]
        listened = [name for name, at in self._listened.items() if at]
        newest = await self._newest([*names, *listened, self._control])
        for channel, at in zip(known, newest, strict=False):
            if _order(at) < _order(channel.last_id):
                channel.last_id = START
        for name, at in zip(listened, newest[len(known) :], strict=False):
            if _order(at) < _order(self._listened[name]):
                self._listened[name] = START
        if _order(newest[-1]) < _order(self._control_id):
            self._control_id = START

    async def _newest(self, names: Iterable[str]) -> list[str]:
        pipeline = self._client.pipeline(transaction=False)
        for name in names:
            pipeline.xrevrange(name, count=1)
        return [found[0][0] if found else START for found in await pipeline.execute()]

    def _returned(self) -> None:
        for channel in self.channels.values():
            channel.people.all_new()
        task = asyncio.create_task(self._tell_return(), name="room-return")
        self._returns.add(task)
        task.add_done_callback(self._returns.discard)

    async def _tell_return(self) -> None:
        try:
            await self._on_return(self)
        except Exception:
            # The regular checks of the hub come round in seconds.
            log.exception("not all caught up after Redis was away")

    async def _new_life(self) -> None:
        """The server has lost its data, perhaps without losing a connection."""
        self._written.clear()
        self._counted.clear()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        self._lost = True
        self._reading = asyncio.create_task(self._read(), name="room-reader")

    # Beating -----------------------------------------------------------------------------

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await self.beat()
            except Exception:
                log.exception("room beat failed")

    async def beat(self) -> None:
        """Once a second: pass on sums, write who is here, read what all wrote, show the numbers."""
        channels = list(self.channels.values())
        if not channels and self._life is None and not self._listeners:
            return
        likes = {channel: channel.likes_here for channel in channels if channel.likes_here}
        for channel, count in likes.items():
            channel.likes_here -= count
            channel.likes_unsaved += count
        self._beats += 1
        due = [channel for channel in channels if channel in likes or self._is_due(channel)]
        changes = {channel.id: channel.people.changes for channel in due}
        new = {channel: channel.people.take_new() for channel in due}
        try:
            totals = await self._exchange(due, likes, new)
            self._counted.update(changes)
        except AWAY:
            totals = {}
            self._written.clear()
            self._counted.clear()
            for channel in due:
                channel.people.give_back(new[channel])
            for channel in channels:
                channel.headcount.alone(channel.people)
        for channel in channels:
            channel.second_passed(max(channel.headcount.total, channel.count))
            if channel in likes:
                total = totals.get(channel, channel.likes_total + likes[channel])
                self.outgoing.add(
                    channel.id, {"k": "likes", "n": likes[channel], "total": total}, ""
                )
            if channel.joins_here:
                names = json.dumps(channel.names_here, ensure_ascii=False)
                joins = {"k": "joins", "n": channel.joins_here, "names": names}
                self.outgoing.add(channel.id, joins, "")
                channel.joins_here, channel.names_here = 0, []

    def _is_due(self, channel: RoomChannel) -> bool:
        return (
            channel.people.changes != self._counted.get(channel.id)
            or channel.headcount.crowd
            or (self._beats + channel.id) % QUIET_BEATS == 0
        )

    async def _exchange(
        self,
        channels: list[RoomChannel],
        likes: Mapping[RoomChannel, int],
        new: Mapping[RoomChannel, list[str]],
    ) -> dict[RoomChannel, int]:
        """One trip for all rooms, and a second one when counts changed; returns the likes."""
        now = time.time() + self._skew
        asked = time.time()
        pipeline = self._client.pipeline(transaction=False)
        life = redis.key("rooms", "life")
        pipeline.set(life, secrets.token_hex(8), nx=True)
        pipeline.get(life)
        pipeline.time()
        hashes: dict[RoomChannel, int] = {}
        estimates: dict[RoomChannel, int] = {}
        liked: dict[RoomChannel, int] = {}
        for channel in channels:
            name = wire.presence_key(channel.id)
            pipeline.hset(name, self.node, channel.headcount.entry(channel.people, now))
            pipeline.expire(name, presence.KEEP_SECONDS)
            hashes[channel] = len(pipeline)
            pipeline.hgetall(name)
            if new[channel]:
                pipeline.pfadd(wire.unique_key(channel.id), *new[channel])
                pipeline.expire(wire.unique_key(channel.id), wire.UNIQUE_SECONDS)
            if channel.headcount.crowd:
                current, previous = presence.crowd_keys(channel.id, now)
                people = list(channel.headcount.to_add(channel.people, new[channel], now))
                for start in range(0, len(people), presence.CROWD_BATCH):
                    pipeline.pfadd(current, *people[start : start + presence.CROWD_BATCH])
                pipeline.expire(current, presence.KEEP_SECONDS)
                estimates[channel] = len(pipeline)
                pipeline.pfcount(current, previous)
            if channel in likes:
                # After a loss of Redis the counter starts again from what PostgreSQL or we know.
                pipeline.set(
                    wire.likes_key(channel.id), channel.likes_total, nx=True, ex=wire.STREAM_SECONDS
                )
                liked[channel] = len(pipeline)
                pipeline.incrby(wire.likes_key(channel.id), likes[channel])
        answers = await pipeline.execute()
        seconds, micros = answers[2]
        self._skew = int(seconds) + int(micros) / 1e6 - (asked + time.time()) / 2
        await self._note_life(answers[1])
        for channel, at in hashes.items():
            estimate = int(answers[estimates[channel]]) if channel in estimates else None
            channel.headcount.conclude(presence.tally(answers[at], now), estimate, now)
        await self._publish_counts(channels)
        return {channel: int(answers[at]) for channel, at in liked.items()}

    async def _note_life(self, life: str) -> None:
        if self._life is not None and life != self._life:
            await self._new_life()
        self._life = life

    async def _publish_counts(self, channels: list[RoomChannel]) -> None:
        """Tell pages how many watch: what changed, and now and then what did not."""
        now = time.monotonic()
        pipeline = self._client.pipeline(transaction=False)
        for channel in channels:
            total = channel.headcount.total
            shown, at = self._written.get(channel.id, (-1, 0.0))
            if total != shown or now - at > WATCHING_AGAIN_SECONDS:
                pipeline.set(wire.watching_key(channel.id), total, ex=WATCHING_SECONDS)
                self._written[channel.id] = (total, now)
        if len(pipeline):
            await pipeline.execute()

    # End ---------------------------------------------------------------------------------

    async def close(self) -> None:
        """Stop, and take our people out of the count."""
        tasks = [self._reading, self._beating, *self._returns, *self.outgoing.tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(*AWAY):
            pipeline = self._client.pipeline(transaction=False)
            for room_id in self.channels:
                pipeline.hdel(wire.presence_key(room_id), self.node)
            pipeline.delete(self._control)
            await pipeline.execute()
        self.channels.clear()
        await self._client.aclose()
        await self._reader.aclose()


def _order(entry_id: str) -> tuple[int, int]:
    at, _, number = entry_id.partition("-")
    return int(at), int(number)


def _pairs(answer: Any) -> list[tuple[str, list[tuple[str, dict[str, str]]]]]:
    """XREAD's answer in either protocol version: a list of pairs, or a dict of lists of batches."""
    if not answer:
        return []
    if isinstance(answer, dict):
        return [
            (name, [entry for batch in batches for entry in batch])
            for name, batches in answer.items()
        ]
    return [(name, entries) for name, entries in answer]
