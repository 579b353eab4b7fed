"""Points of fans: looked up in batches for who is here, added in batches for what they do."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from django.db import DatabaseError

from rooms import fans
from rooms.hub import store

if TYPE_CHECKING:
    from rooms.hub.channel import RoomChannel

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
ADD_SECONDS = 60.0
LOOKED_UP_AT_ONCE = 2_000
STANDINGS_KEPT = 100_000
AGAIN_SECONDS = 300.0

Pair = tuple[int, int]
STRANGER = fans.Standing(0, False)


class FanBook:
    """What this process knows of (anchor, user); never asked for on the way of a message."""

    def __init__(self, channels: Callable[[], Iterable[RoomChannel]]) -> None:
        self._channels = channels
        self._known: OrderedDict[Pair, tuple[float, fans.Standing]] = OrderedDict()
        self._wanted: dict[Pair, None] = {}
        self._added_at = time.monotonic()

    def standing(self, anchor_id: int, user_id: int) -> fans.Standing:
        """What is known now; what is unknown or old is looked up within a second."""
        pair = (anchor_id, user_id)
        known = self._known.get(pair)
        if known is None or time.monotonic() - known[0] > AGAIN_SECONDS:
            self._wanted[pair] = None
        return known[1] if known else STRANGER

    def look_again(self, anchor_id: int, user_id: int) -> None:
        """They may just have followed."""
        self._wanted[anchor_id, user_id] = None

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look_up()
                if time.monotonic() - self._added_at >= ADD_SECONDS:
                    await self.add_minute()
            except DatabaseError as error:
                log.warning("fan book waits", extra={"error": repr(error)})
            except Exception:
                log.exception("fan book failed")

    async def look_up(self) -> None:
        """Ask for those who came, all at once."""
        pairs = list(self._wanted)[:LOOKED_UP_AT_ONCE]
        if not pairs:
            return
        found = await store.ask(fans.standings, pairs)
        now = time.monotonic()
        for pair, standing in found.items():
            self._wanted.pop(pair, None)
            self._known.pop(pair, None)
            self._known[pair] = (now, standing)
        while len(self._known) > STANDINGS_KEPT:
            self._known.popitem(last=False)

    async def add_minute(self) -> None:
        """Add what the people here did since the last time: watching, lines, likes."""
        minutes = max(1, round((time.monotonic() - self._added_at) / 60))
        self._added_at = time.monotonic()
        points: dict[Pair, int] = {}
        for channel in self._channels():
            talk = channel.talk
            said, talk.said = talk.said, {}
            liked, talk.liked = talk.liked, {}
            on_air = channel.state in fans.EARNING
            for user_id in channel.signed_in if on_air else said:
                noise = (
                    fans.POINTS["line"] * said.get(user_id, 0)
                    + fans.POINTS["likes"] * liked.get(user_id, 0) // fans.LIKES_A_POINT
                )
                earned = min(noise, fans.MOST_A_MINUTE * minutes)
                earned += fans.POINTS["minute"] * minutes if on_air else 0
                pair = (channel.anchor_id, user_id)
                points[pair] = points.get(pair, 0) + earned
        if not points:
            return
        await store.ask(fans.add, points)
        for (anchor_id, user_id), earned in points.items():
            if known := self._known.get((anchor_id, user_id)):
                self._known[anchor_id, user_id] = (
                    known[0],
                    fans.Standing(known[1].points + earned, known[1].follows),
                )
