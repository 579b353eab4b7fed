"""One process: its rooms, its sockets, its Redis servers, and the checks against PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import DatabaseError

from rooms import history, notices, shards, wire
from rooms.hub import metrics, sessions, store
from rooms.hub.channel import RoomChannel
from rooms.hub.crowd import Crowd
from rooms.hub.keeper import Keeper
from rooms.hub.outgoing import Entry
from rooms.hub.shard import Shard
from rooms.hub.viewer import Viewer
from rooms.snapshot import snapshot

log = logging.getLogger(__name__)

FORGET_SECONDS = 1.0
CHECK_SECONDS = 5.0
SESSION_SECONDS = 15.0
# While notices come in, only expiry is left to find.
SESSION_QUIET_SECONDS = 60.0
LINGER_SECONDS = 30.0


class Hub:
    """Belongs to one event loop. `join` and `leave` are all that a socket needs."""

    def __init__(self) -> None:
        self.node = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self.channels: dict[int, RoomChannel] = {}
        self._crowd = Crowd()
        self.closing = False
        self._opening: dict[int, asyncio.Future[RoomChannel | None]] = {}
        self._gaps: dict[int, asyncio.Task[None]] = {}
        self._snapshots: dict[int, asyncio.Task[dict[str, Any]]] = {}
        self._shards = {
            url: Shard(
                url,
                self.node,
                crowd=self._crowd,
                take_locally=self._take_locally,
                on_return=self._redis_returned,
            )
            for url in {settings.REDIS_URL, *shards.servers()}
        }
        self._shards[settings.REDIS_URL].listen(notices.stream(), self._take_notice)
        # Viewers by account, for notices about it.
        self._signed_in: dict[int, dict[Viewer, None]] = {}
        self._sessions_checked = time.monotonic()
        self._notices_missed = False
        self._closers: set[asyncio.Task[None]] = set()
        self.keeper = Keeper(self.channels.values)
        self._tasks = [
            asyncio.create_task(
                self._repeat(FORGET_SECONDS, self._forget_empty), name="room-empty"
            ),
            asyncio.create_task(self._repeat(CHECK_SECONDS, self._check), name="room-check"),
            asyncio.create_task(
                self._repeat(SESSION_SECONDS, self._check_sessions_when_due), name="room-sessions"
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
        shard = self._shard(room_id)
        last_id, likes = await shard.place(room_id)
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
            crowd=self._crowd,
        )
        channel.peak = channel.peak_saved = facts.peak
        channel.on_gap = self.fill_gap
        channel.on_removed = self.keeper.removed
        await self.keeper.open(channel)
        channel.empty_since = time.monotonic()
        self.channels[room_id] = channel
        metrics.ROOMS.set(len(self.channels))
        await shard.follow(channel)
        return channel

    def _shard(self, room_id: int) -> Shard:
        return self._shards[shards.server_of(room_id)]

    def join(self, channel: RoomChannel, viewer: Viewer) -> None:
        channel.add(viewer)
        if viewer.identity:
            channel.welcome(viewer.identity, time.monotonic())
            self._signed_in.setdefault(viewer.identity.user_id, {})[viewer] = None
        metrics.VIEWERS.inc()

    def leave(self, channel: RoomChannel, viewer: Viewer) -> None:
        if viewer in channel.viewers:
            channel.remove(viewer, time.monotonic())
            metrics.VIEWERS.dec()
        if viewer.identity and (own := self._signed_in.get(viewer.identity.user_id)):
            own.pop(viewer, None)
            if not own:
                del self._signed_in[viewer.identity.user_id]

    async def missed_by(self, channel: RoomChannel, seq: int) -> list[tuple[int, str]] | None:
        """What a viewer at `seq` lacks, up to the channel's head at the moment of the answer.

        None when it needs a snapshot. Raises DatabaseError.
        """
        if seq > channel.head:
            # It was given a snapshot newer than what reached us.
            await self._fill(channel)
        if seq > channel.head or channel.head - seq > store.CATCH_UP:
            return None
        found: list[tuple[int, str]] = []
        # While PostgreSQL answers the ring moves on: read until the two meet.
        while (later := channel.missed_by(seq)) is None:
            more = await store.ask(store.missed, channel.id, seq)
            if not more or len(found) + len(more) > store.CATCH_UP:
                return None
            found += more
            seq = more[-1][0]
        return [*found, *later]

    async def snapshot(self, channel: RoomChannel) -> dict[str, Any]:
        """A fresh snapshot; viewers who need one at the same time share it."""
        task = self._snapshots.get(channel.id)
        if task is None:
            task = asyncio.create_task(store.ask(snapshot, channel.id))
            self._snapshots[channel.id] = task
            task.add_done_callback(lambda _: self._snapshots.pop(channel.id, None))
        return await asyncio.shield(task)

    # Outgoing ----------------------------------------------------------------------------

    def tell_crew(self, channel: RoomChannel, event: dict[str, Any]) -> None:
        """Send a `mod` event to the crew's sockets in the room, on every process."""
        self.emit(channel, {"k": "crew", "d": wire.encode({"t": "mod", **event})})

    def emit(self, channel: RoomChannel, entry: Entry, *, remember: str = "") -> None:
        """Put a best-effort entry into the room's stream; `remember`: also into the chat history."""
        self._shard(channel.id).outgoing.add(channel.id, entry, remember)

    def _take_locally(self, room_id: int, entry: Entry) -> None:
        """Without Redis our own viewers still hear each other."""
        if channel := self.channels.get(room_id):
            fields = {name: str(value) for name, value in entry.items()}
            channel.take(f"{int(time.time() * 1000)}-0", fields)

    # Incoming ----------------------------------------------------------------------------

    async def _redis_returned(self, shard: Shard) -> None:
        """What was pushed meanwhile is found in PostgreSQL; so are the chat and who signed out."""
        channels = list(shard.channels.values())
        await self._compare_heads(channels)
        await store.ask(history.refill, [channel.id for channel in channels if channel.viewers])
        if shard.url == settings.REDIS_URL:
            self._notices_missed = True
            await self._check_sessions_when_due()

    def _take_notice(self, fields: Mapping[str, str]) -> None:
        """Something that every process must know at once; `rooms.notices` says what there is."""
        if fields.get("k") == "house":
            self.keeper.changed(int(fields["anchor"]))
        if fields.get("k") != "out":
            return
        concerned = list(self._signed_in.get(int(fields["user"]), {}))
        if session := fields.get("session"):
            for viewer in concerned:
                if viewer.identity and viewer.identity.session_key == session:
                    viewer.close(sessions.SESSION_OVER)
        elif concerned:
            task = asyncio.create_task(self._close_invalid(concerned), name="room-out")
            self._closers.add(task)
            task.add_done_callback(self._closers.discard)

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

    async def _forget_empty(self) -> None:
        now = time.monotonic()
        for channel in [c for c in self.channels.values() if not c.viewers]:
            if channel.empty_since is not None and now - channel.empty_since > LINGER_SECONDS:
                await self._forget(channel)

    async def _forget(self, channel: RoomChannel) -> None:
        await self._save_sums()
        if channel.viewers:
            return
        self.channels.pop(channel.id, None)
        channel.stop()
        metrics.ROOMS.set(len(self.channels))
        await self._shard(channel.id).unfollow(channel)

    async def _check(self) -> None:
        """Compare the heads of all rooms in one query, so that a lost push costs seconds, no event."""
        await self._save_sums()
        await self._compare_heads(list(self.channels.values()))

    async def _compare_heads(self, channels: list[RoomChannel]) -> None:
        watched = [channel for channel in channels if channel.viewers]
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

    async def _check_sessions_when_due(self) -> None:
        """Notices close sockets at once; this finds what they cannot tell or what got lost of them."""
        quiet = time.monotonic() - self._sessions_checked < SESSION_QUIET_SECONDS
        if quiet and not self._notices_missed:
            return
        await self._check_sessions()
        self._sessions_checked = time.monotonic()
        self._notices_missed = False

    async def _check_sessions(self) -> None:
        """Close who signed out, changed the password or was barred; two queries for the process."""
        await self._close_invalid([v for own in self._signed_in.values() for v in own])

    async def _close_invalid(self, viewers: list[Viewer]) -> None:
        identities = {viewer.identity for viewer in viewers if viewer.identity is not None}
        if not identities:
            return
        valid = await store.ask(sessions.still_valid, identities)
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
        tasks = [*self._tasks, *self._gaps.values(), *self._closers]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.keeper.close()
        await asyncio.gather(*(shard.close() for shard in self._shards.values()))
        self.channels.clear()
        metrics.ROOMS.set(0)


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
