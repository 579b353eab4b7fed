"""Finds peers that are gone, for all sockets of a process in one pass a second."""

from __future__ import annotations

import asyncio
from typing import Protocol
from weakref import WeakKeyDictionary

# Each connection gets its turn once in so many seconds.
ROUND_SECONDS = 20


class Pinged(Protocol):
    def take_turn(self) -> None:
        """Send a ping, or close when nothing came in since the last one."""
        ...


class Pings:
    """Belongs to one event loop. One timer for everybody instead of two for each."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._turns: list[dict[Pinged, None]] = [{} for _ in range(ROUND_SECONDS)]
        self._now = 0
        self._members = 0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, connection: Pinged) -> int:
        """Give it a turn a whole round from now, and each round; returns the turn's number."""
        turn = self._now
        self._turns[turn][connection] = None
        self._members += 1
        if self._timer is None:
            self._timer = self._loop.call_later(1.0, self._next)
        return turn

    def discard(self, connection: Pinged, turn: int) -> None:
        if self._turns[turn].pop(connection, 1) is None:
            self._members -= 1

    def _next(self) -> None:
        self._now = (self._now + 1) % ROUND_SECONDS
        for connection in list(self._turns[self._now]):
            connection.take_turn()
        # Without members there is no timer, so that nothing keeps a loop awake.
        self._timer = self._loop.call_later(1.0, self._next) if self._members else None


_pings: WeakKeyDictionary[asyncio.AbstractEventLoop, Pings] = WeakKeyDictionary()


def pings_of(loop: asyncio.AbstractEventLoop) -> Pings:
    """The passes of that loop, made on first use."""
    found = _pings.get(loop)
    if found is None:
        found = _pings[loop] = Pings(loop)
    return found
