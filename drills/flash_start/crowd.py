"""Viewers whose devices show a wrong time, and who start each flash sale by the server's."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from typing import Any

from drills.room_faults.viewers import Viewer

# As frontend/src/room/socket.ts and board/flash.ts have them.
GOOD_TRIP_MS = 200
MEASURES = 4
MEASURE_SECONDS = 2.5
TICK_MS = 100
# How wrong a device's clock may be.
SKEW_MS = 3_600_000
# What a person needs to see that it begins and to tap.
TAP_SECONDS = 0.3


def true_ms() -> float:
    """Unix milliseconds of this machine, which is the servers' and the database's too."""
    return time.time() * 1000


class Spectator:
    """Follows flash sales as the page does; `started` and `announced` say when, in true ms."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.announced: dict[int, float] = {}
        self.started: dict[int, float] = {}
        self.answers: dict[int, dict[str, Any]] = {}
        self.buys = False
        self.skew = random.uniform(-SKEW_MS, SKEW_MS)
        self._offset = 0.0
        self._best_trip = float("inf")
        self._pinged = 0.0
        self._measures = 0
        self._sale: dict[str, Any] | None = None
        self._keys: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        viewer.heard = self._hear

    @property
    def measured(self) -> bool:
        return self._best_trip < float("inf")

    def _device_ms(self) -> float:
        return true_ms() + self.skew

    def _server_ms(self) -> float:
        return self._device_ms() + self._offset

    def _hear(self, viewer: Viewer, event: dict[str, Any]) -> None:
        kind = event["t"]
        if kind == "welcome":
            self._best_trip, self._measures = float("inf"), 0
            self._go(self._measure())
        elif kind == "pong":
            self._take_pong(event["now"])
        elif kind == "reset":
            if not self.measured:
                # As a page that was just written; the first answer to a ping says it better.
                self._offset = event["snapshot"]["now"] - self._device_ms()
            self._show(event["snapshot"]["board"].get("flash"))
        elif kind == "board" and event["key"] == "flash":
            self._show(event["value"])
        elif event.get("key") in self._keys:
            self.answers[self._keys[event["key"]]] = event

    async def _measure(self) -> None:
        while self._measures < MEASURES and self._best_trip > GOOD_TRIP_MS:
            self._measures += 1
            self._pinged = self._device_ms()
            await self.viewer.send({"t": "ping"})
            await asyncio.sleep(MEASURE_SECONDS)

    def _take_pong(self, server_now: float) -> None:
        trip = self._device_ms() - self._pinged
        if trip <= self._best_trip:
            self._best_trip = trip
            self._offset = server_now + trip / 2 - self._device_ms()

    def _show(self, sale: dict[str, Any] | None) -> None:
        news = sale is not None and sale["id"] not in self.announced
        self._sale = sale
        if sale is not None and news:
            self.announced[sale["id"]] = true_ms()
            self._go(self._await(sale))

    async def _await(self, sale: dict[str, Any]) -> None:
        """The page looks at its clock ten times a second, and when the start should be."""
        while (wait := sale["starts_at"] - self._server_ms()) > 0:
            await asyncio.sleep(min(TICK_MS, wait) / 1000)
            if self._sale is None or self._sale["id"] != sale["id"]:
                return
        self.started[sale["id"]] = true_ms()
        if self.buys:
            await asyncio.sleep(TAP_SECONDS)
            await self._buy(sale)

    async def _buy(self, sale: dict[str, Any]) -> None:
        key = str(uuid.uuid4())
        self._keys[key] = sale["id"]
        price = sale["variants"][0]
        await self.viewer.send(
            {"t": "buy", "key": key, "placement": sale["placement"], "variant": price["id"],
             "qty": 1, "address": None, "flash": sale["id"], "total": price["minor"]}
        )  # fmt: skip

    def _go(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
