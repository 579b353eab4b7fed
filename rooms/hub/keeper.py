"""Keeps the rules of each house: gates up to date, banned people out, the log and the fan book."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError
from redis import RedisError

from core import clock
from rooms import shards, wire
from rooms.hub import store
from rooms.hub.chatlog import ChatLog
from rooms.hub.fanbook import FanBook
from rooms.moderation import house
from rooms.moderation.gate import BAN, House, Standing

if TYPE_CHECKING:
    from rooms.hub.channel import RoomChannel

log = logging.getLogger(__name__)

# How long a change can go unnoticed without Redis.
CHECK_SECONDS = 1.5
BANNED = 4003
APPEAL_PAGE = "/me/sanctions/"


class Keeper:
    """`channels` are the rooms of this process."""

    def __init__(self, channels: Callable[[], Iterable[RoomChannel]]) -> None:
        self._channels = channels
        self.chatlog = ChatLog()
        self.fans = FanBook(channels)
        # What was last enforced here: pages share the gates and may have newer ones already.
        self._enforced: dict[int, House] = {}
        self._refreshing: set[asyncio.Task[None]] = set()
        self.tasks = [
            asyncio.create_task(self._check(), name="room-houses"),
            asyncio.create_task(self.chatlog.run(), name="room-chatlog"),
            asyncio.create_task(self.fans.run(), name="room-fans"),
        ]

    async def open(self, channel: RoomChannel) -> None:
        """Read what the room is judged by, before its first viewer. Raises DatabaseError."""
        houses, lines = await store.ask(_read_all, channel.anchor_id, channel.id)
        house.give(houses)
        self._enforced.setdefault(channel.anchor_id, houses[channel.anchor_id])
        channel.talk.recall(lines)

    def changed(self, anchor_id: int) -> None:
        """Rules, crew or sanctions of that anchor are others now."""
        if any(channel.anchor_id == anchor_id for channel in self._channels()):
            self._start(self._refresh([anchor_id]))

    def removed(self, channel: RoomChannel, event: dict[str, Any]) -> None:
        """A `chat.removed` event has come."""
        self.chatlog.removed(channel.id, {**event, "before": clock.now()})

    async def _check(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                await self.check()
            except DatabaseError as error:
                log.warning("houses not compared", extra={"error": repr(error)})
            except Exception:
                log.exception("houses not compared")

    async def check(self) -> None:
        """Compare the versions of all houses that have viewers here, in one query."""
        anchors = {channel.anchor_id for channel in self._channels() if channel.viewers}
        if not anchors:
            return
        for gone in self._enforced.keys() - anchors:
            del self._enforced[gone]
        versions = await store.ask(house.versions, anchors)
        stale = [
            anchor for anchor in anchors if versions.get(anchor, 0) > self._before(anchor).version
        ]
        if stale:
            await self._refresh(stale)

    async def _refresh(self, anchors: list[int]) -> None:
        houses = await store.ask(house.load, anchors)
        house.give(houses)
        for anchor, after in houses.items():
            before = self._before(anchor)
            if after.version < before.version:
                continue
            self._enforced[anchor] = after
            for channel in self._channels():
                if channel.anchor_id == anchor:
                    self._enforce(channel, before, after)

    def _before(self, anchor_id: int) -> House:
        return self._enforced.get(anchor_id) or House(anchor_id)

    def _enforce(self, channel: RoomChannel, before: House, after: House) -> None:
        """Tell who is concerned, and show the banned the door."""
        now = time.time()
        for user_id in list(channel.signed_in):
            old = {s.id: s for s in before.sanctions.get(user_id, ())}
            new = {s.id: s for s in after.sanctions.get(user_id, ()) if s.holds(now)}
            events = [_told(s, lifted=False) for key, s in new.items() if key not in old]
            events += [
                _told(s, lifted=True) for key, s in old.items() if key not in new and s.holds(now)
            ]
            is_banned = after.standing(user_id, BAN, now) is not None
            for viewer in channel.viewers_of(user_id):
                if events:
                    viewer.push(*events)
                if is_banned:
                    viewer.close(BANNED)

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(_logged(work))
        self._refreshing.add(task)
        task.add_done_callback(self._refreshing.discard)

    async def close(self) -> None:
        """Stop the loops; what waits for the log is written."""
        tasks = [*self.tasks, *self._refreshing]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.chatlog.flush()


async def _logged(work: Any) -> None:
    try:
        await work
    except DatabaseError as error:
        # The next comparison of versions tries again.
        log.warning("house not read", extra={"error": repr(error)})


def _read_all(anchor_id: int, room_id: int) -> tuple[dict[int, House], list[str]]:
    houses = house.load([anchor_id])
    key = wire.chat_key(room_id)
    try:
        (lines,) = shards.execute(room_id, lambda p: p.lrange(key, 0, wire.CHAT_HISTORY - 1))
    except RedisError:
        lines = []
    return houses, lines


def _told(standing: Standing, *, lifted: bool) -> dict[str, Any]:
    return {
        "t": "sanction",
        "kind": standing.kind,
        "until": None if standing.until is None else int(standing.until * 1000),
        "reason": standing.reason,
        "lifted": lifted,
        "appeal": APPEAL_PAGE,
    }
