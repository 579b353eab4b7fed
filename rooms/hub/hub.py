"""The loops of one process: one blocking read for all rooms, one beat a second, one check of heads."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import redis as redis_errors
from django.db import DatabaseError

from core import redis
from rooms import presence, wire
from rooms.hub import metrics, sessions, store
from rooms.hub.channel import RoomChannel
from rooms.hub.outgoing import Entry, Outgoing
from rooms.hub.viewer import Viewer
from rooms.snapshot import snapshot

log = logging.getLogger(__name__)

BLOCK_SECONDS = 5.0
BEAT_SECONDS = 1.0
CHECK_SECONDS = 5.0
SESSION_SECONDS = 15.0
LINGER_SECONDS = 30.0
READ_COUNT = 500


class Hub:
    """Belongs to one event loop. `join` and `leave` are all that a socket needs."""

    def __init__(self) -> None:
        self.node = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self.channels: dict[int, RoomChannel] = {}
        self.closing = False
        self._opening: dict[int, asyncio.Future[RoomChannel | None]] = {}
        self._gaps: dict[int, asyncio.Task[None]] = {}
        self._snapshots: dict[int, asyncio.Task[dict[str, Any]]] = {}
        self._control = redis.key("rooms", "control", self.node)
        self._control_id = "0-0"
        self._redis = redis.async_client()
        self._outgoing = Outgoing(self._redis, on_lost=self._take_locally)
        self._reader = redis.async_client(blocking=True)
        self._tasks = [
            asyncio.create_task(self._read(), name="room-reader"),
            asyncio.create_task(self._repeat(BEAT_SECONDS, self._beat), name="room-beat"),
            asyncio.create_task(self._repeat(CHECK_SECONDS, self._check), name="room-check"),
            asyncio.create_task(
                self._repeat(SESSION_SECONDS, self._check_sessions), name="room-sessions"
            ),
        ]

    # Sockets -----------------------------------------------------------------------------

    async def open(self, room_id: int) -> RoomChannel | None:
        """The channel of a room, followed from now on; None when there is no such room."""
        while (channel := self.channels.get(room_id)) is None:
            opening = self._opening.get(room_id)
            if opening is None:
                opening = asyncio.ensure_future(self._open(room_id))
                self._opening[room_id] = opening
                opening.add_done_callback(lambda _: self._opening.pop(room_id, None))
            if await asyncio.shield(opening) is None:
                return None
        if not channel.viewers:
            # Its viewer is still shaking hands; it must not be forgotten meanwhile.
            channel.empty_since = time.monotonic()
        return channel

    async def _open(self, room_id: int) -> RoomChannel | None:
        # First the place in the stream, then the head: an event between the two comes by both
        # ways and is dropped by its number.
        last_id, likes = await self._place(room_id)
        facts = await store.ask(store.facts, room_id)
        if facts is None:
            return None
        channel = RoomChannel(
            room_id,
            head=facts.head,
            state=facts.state,
            anchor_id=facts.anchor_id,
            last_id=last_id,
            likes=max(likes, facts.likes),
        )
        channel.peak = channel.peak_saved = facts.peak
        channel.on_gap = self.fill_gap
        channel.empty_since = time.monotonic()
        self.channels[room_id] = channel
        metrics.ROOMS.set(len(self.channels))
        await self._wake()
        return channel

    async def _place(self, room_id: int) -> tuple[str, int]:
        """(id of the stream's newest entry, likes counted so far)."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.xrevrange(wire.stream_key(room_id), count=1)
        pipeline.get(wire.likes_key(room_id))
        try:
            newest, likes = await pipeline.execute()
        except (redis_errors.RedisError, OSError):
            return f"{int(time.time() * 1000)}-0", 0
        return (newest[0][0] if newest else "0-0"), int(likes or 0)

    async def _wake(self) -> None:
        """Make the reader take up a new room: it follows a stream of our own for that."""
        with contextlib.suppress(redis_errors.RedisError, OSError):
            await self._redis.xadd(self._control, {"w": 1}, maxlen=10)
            await self._redis.expire(self._control, 3600)

    def join(self, channel: RoomChannel, viewer: Viewer) -> None:
        channel.add(viewer)
        if viewer.identity:
            channel.welcome(viewer.identity, time.monotonic())
        metrics.VIEWERS.inc()

    def leave(self, channel: RoomChannel, viewer: Viewer) -> None:
        if viewer in channel.viewers:
            channel.remove(viewer, time.monotonic())
            metrics.VIEWERS.dec()

    async def missed_by(self, channel: RoomChannel, seq: int) -> list[tuple[int, str]] | None:
        """What a viewer at `seq` lacks; None when it needs a snapshot."""
        if seq > channel.head:
            # It was given a snapshot newer than what reached us.
            await self._fill(channel)
        if seq > channel.head or channel.head - seq > store.CATCH_UP:
            return None
        found = channel.missed_by(seq)
        if found is None:
            found = await store.ask(store.missed, channel.id, seq)
        if found is None:
            return None
        last = found[-1][0] if found else seq
        return [*found, *(channel.missed_by(last) or [])]

    async def snapshot(self, channel: RoomChannel) -> dict[str, Any]:
        """A fresh snapshot; viewers who need one at the same time share it."""
        task = self._snapshots.get(channel.id)
        if task is None:
            task = asyncio.create_task(store.ask(snapshot, channel.id))
            self._snapshots[channel.id] = task
            task.add_done_callback(lambda _: self._snapshots.pop(channel.id, None))
        return await asyncio.shield(task)

    # Outgoing ----------------------------------------------------------------------------

    def emit(self, channel: RoomChannel, entry: Entry, *, remember: str = "") -> None:
        """Put a best-effort entry into the room's stream; `remember`: also into the chat history."""
        self._outgoing.add(channel.id, entry, remember)

    def _take_locally(self, room_id: int, entry: Entry) -> None:
        """Without Redis our own viewers still hear each other."""
        if channel := self.channels.get(room_id):
            fields = {name: str(value) for name, value in entry.items()}
            channel.take(f"{int(time.time() * 1000)}-0", fields)

    # Incoming ----------------------------------------------------------------------------

    async def _read(self) -> None:
        pause = 0.1
        while True:
            try:
                await self._read_once()
                pause = 0.1
            except (redis_errors.RedisError, OSError, TimeoutError) as error:
                log.warning("room reader: Redis away", extra={"error": repr(error)})
                await asyncio.sleep(pause)
                pause = min(2.0, pause * 2)
            except Exception:
                log.exception("room reader: entry not understood")
                await asyncio.sleep(pause)

    async def _read_once(self) -> None:
        streams: dict[Any, Any] = {self._control: self._control_id}
        for channel in self.channels.values():
            streams[wire.stream_key(channel.id)] = channel.last_id
        async with asyncio.timeout(BLOCK_SECONDS * 3):
            answer = await self._reader.xread(
                streams, count=READ_COUNT, block=int(BLOCK_SECONDS * 1000)
            )
        by_name = {wire.stream_key(channel.id): channel for channel in self.channels.values()}
        for name, entries in _pairs(answer):
            if name == self._control:
                self._control_id = entries[-1][0]
            elif name in by_name:
                for entry_id, fields in entries:
                    by_name[name].last_id = entry_id
                    by_name[name].take(entry_id, fields)

    def fill_gap(self, channel: RoomChannel) -> None:
        """Read what is missing from PostgreSQL, at most once at a time for a room."""
        if channel.id not in self._gaps:
            task = asyncio.create_task(self._fill_logged(channel))
            self._gaps[channel.id] = task
            task.add_done_callback(lambda _: self._gaps.pop(channel.id, None))

    async def _fill_logged(self, channel: RoomChannel) -> None:
        try:
            metrics.GAPS.inc()
            for seq, encoded in await store.ask(store.after, channel.id, channel.head):
                channel.take_durable(seq, encoded)
        except DatabaseError as error:
            # The next check of heads tries again.
            log.warning("gap not filled", extra={"room": channel.id, "error": repr(error)})

    async def _fill(self, channel: RoomChannel) -> None:
        self.fill_gap(channel)
        await asyncio.shield(self._gaps[channel.id])

    # Loops -------------------------------------------------------------------------------

    async def _repeat(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except Exception:
                log.exception("room loop failed", extra={"loop": work.__name__})

    async def _beat(self) -> None:
        """Once a second: pass on sums, write our presence, read everybody's, forget empty rooms."""
        now = time.monotonic()
        for channel in [c for c in self.channels.values() if not c.viewers]:
            if channel.empty_since is not None and now - channel.empty_since > LINGER_SECONDS:
                await self._forget(channel)
        channels = list(self.channels.values())
        if not channels:
            return
        likes = {channel: channel.likes_here for channel in channels if channel.likes_here}
        for channel, count in likes.items():
            channel.likes_here -= count
            channel.likes_unsaved += count
        try:
            totals, counts = await self._exchange(channels, likes)
        except (redis_errors.RedisError, OSError):
            totals, counts = {}, {}
        for channel in channels:
            watching = presence.total(counts[channel]) if channel in counts else channel.count
            channel.second_passed(max(watching, channel.count))
            if channel in likes:
                total = totals.get(channel, channel.likes_total + likes[channel])
                self.emit(channel, {"k": "likes", "n": likes[channel], "total": total})
            if channel.joins_here:
                names = json.dumps(channel.names_here, ensure_ascii=False)
                self.emit(channel, {"k": "joins", "n": channel.joins_here, "names": names})
                channel.joins_here, channel.names_here = 0, []

    async def _exchange(
        self, channels: list[RoomChannel], likes: Mapping[RoomChannel, int]
    ) -> tuple[dict[RoomChannel, int], dict[RoomChannel, dict[str, str]]]:
        pipeline = self._redis.pipeline(transaction=False)
        for channel in channels:
            name = wire.presence_key(channel.id)
            pipeline.hset(name, self.node, presence.entry(channel.count))
            pipeline.expire(name, presence.KEEP_SECONDS)
            pipeline.hgetall(name)
        for channel, count in likes.items():
            # After a loss of Redis the counter starts again from what PostgreSQL or we know.
            pipeline.set(
                wire.likes_key(channel.id), channel.likes_total, nx=True, ex=wire.STREAM_SECONDS
            )
            pipeline.incrby(wire.likes_key(channel.id), count)
        answers = await pipeline.execute()
        counts = {channel: answers[3 * index + 2] for index, channel in enumerate(channels)}
        rest = answers[3 * len(channels) :]
        totals = {channel: int(rest[2 * index + 1]) for index, channel in enumerate(likes)}
        return totals, counts

    async def _forget(self, channel: RoomChannel) -> None:
        await self._save_sums()
        if channel.viewers:
            return
        self.channels.pop(channel.id, None)
        channel.stop()
        metrics.ROOMS.set(len(self.channels))
        with contextlib.suppress(redis_errors.RedisError, OSError):
            await self._redis.hdel(wire.presence_key(channel.id), self.node)

    async def _check(self) -> None:
        """Compare the heads of all rooms in one query, so that a lost push costs seconds, no event."""
        await self._save_sums()
        watched = [channel for channel in self.channels.values() if channel.viewers]
        if not watched:
            return
        heads = await store.ask(store.heads, [channel.id for channel in watched])
        for channel in watched:
            if heads.get(channel.id, 0) > channel.head:
                self.fill_gap(channel)

    async def _save_sums(self) -> None:
        changed = [
            channel
            for channel in self.channels.values()
            if channel.likes_unsaved or channel.peak > channel.peak_saved
        ]
        if not changed:
            return
        sums = [(channel.id, channel.likes_unsaved, channel.peak) for channel in changed]
        await store.ask(store.save_sums, sums)
        for channel, (_, likes, peak) in zip(changed, sums, strict=True):
            channel.likes_unsaved -= likes
            channel.peak_saved = peak

    async def _check_sessions(self) -> None:
        """Close who signed out, changed the password or was barred; two queries for the process."""
        viewers = [v for c in self.channels.values() for v in c.viewers if v.identity]
        if not viewers:
            return
        valid = await store.ask(
            sessions.still_valid, {v.identity for v in viewers if v.identity is not None}
        )
        for viewer in viewers:
            if viewer.identity not in valid:
                viewer.close(sessions.SESSION_OVER)

    # End ---------------------------------------------------------------------------------

    async def close(self) -> None:
        """Say goodbye with reconnect times spread over the crowd, then stop."""
        self.closing = True
        viewers = [viewer for channel in self.channels.values() for viewer in channel.viewers]
        spread = min(10_000, 500 + 5 * len(viewers))
        for viewer in viewers:
            retry = secrets.randbelow(spread) + 200
            viewer.push({"t": "bye", "code": 1012, "retry_ms": retry})
            viewer.close(1012)
        with contextlib.suppress(DatabaseError):
            await self._save_sums()
        for channel in list(self.channels.values()):
            channel.stop()
        tasks = [*self._tasks, *self._gaps.values(), *self._outgoing.tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(redis_errors.RedisError, OSError):
            pipeline = self._redis.pipeline(transaction=False)
            for room_id in self.channels:
                pipeline.hdel(wire.presence_key(room_id), self.node)
            pipeline.delete(self._control)
            await pipeline.execute()
        self.channels.clear()
        metrics.ROOMS.set(0)
        await self._redis.aclose()
        await self._reader.aclose()


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


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def current() -> Hub:
    """The hub of the running loop, started on first use."""
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop)
    if hub is None or hub.closing:
        hub = _hubs[loop] = Hub()
    return hub


async def close_current() -> None:
    """Close the running loop's hub if it has one."""
    hub = _hubs.get(asyncio.get_running_loop())
    if hub is not None and not hub.closing:
        await hub.close()
