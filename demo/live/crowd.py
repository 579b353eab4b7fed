"""A dozen viewers who come one after the other, talk, like and buy as people do."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

from demo.live.board import Board
from demo.live.client import Client
from demo.seed.people import BUYERS_PASSWORD
from demo.stock.people import BOUGHT, BUYERS, PRAISE, QUESTIONS

REGULARS = 10
GUESTS = 3
ARRIVAL_SECONDS = (0.6, 2.5)
CHAT_SECONDS = (3.0, 10.0)
LIKE_SECONDS = (1.5, 6.0)
BUY_SECONDS = (20.0, 40.0)


class Crowd:
    def __init__(self, base_url: str, board: Board) -> None:
        self._board = board
        self._random = random.Random()
        self._said: list[str] = []
        names = [username for username, _name, _city in BUYERS[:REGULARS]]
        self._buyers = [Client(base_url, name, BUYERS_PASSWORD, self._hear) for name in names]
        self._guests = [Client(base_url, None, "", self._hear) for _ in range(GUESTS)]
        self._ears = self._guests[0]

    async def run(self, room_id: Callable[[], int | None]) -> None:
        """Follow the demo room from show to show."""
        while True:
            present = room_id()
            if present is None:
                await asyncio.sleep(0.5)
                continue
            show = asyncio.create_task(self._visit(present))
            try:
                while room_id() == present:
                    await asyncio.sleep(1)
            finally:
                show.cancel()
                await asyncio.wait([show], timeout=1)
            for client in [*self._buyers, *self._guests]:
                client.forget()

    async def _visit(self, room_id: int) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._talk())
            group.create_task(self._like())
            group.create_task(self._buy())
            for client in [*self._guests, *self._buyers]:
                group.create_task(client.live(room_id))
                await asyncio.sleep(self._random.uniform(*ARRIVAL_SECONDS))

    async def _hear(self, client: Client, event: dict[str, Any]) -> None:
        if event["t"] == "order.accepted" and self._random.random() < 0.5:
            await asyncio.sleep(self._random.uniform(1, 3))
            await client.say(self._line(BOUGHT))
        if client is not self._ears:
            return
        if event["t"] == "reset":
            self._board.reset(event["snapshot"])
        else:
            self._board.see(event)

    async def _talk(self) -> None:
        while True:
            await asyncio.sleep(self._random.uniform(*CHAT_SECONDS))
            if client := self._somebody():
                kind = QUESTIONS if self._random.random() < 0.3 else PRAISE
                await client.say(self._line(kind))

    async def _like(self) -> None:
        while True:
            await asyncio.sleep(self._random.uniform(*LIKE_SECONDS))
            client = self._random.choice([*self._buyers, *self._guests])
            for _ in range(self._random.randrange(1, 4)):
                await client.like(self._random.randrange(1, 9))
                await asyncio.sleep(1.1)

    async def _buy(self) -> None:
        while True:
            await asyncio.sleep(self._random.uniform(*BUY_SECONDS))
            client, item = self._somebody(), self._board.item
            variants = [v for v in item["variants"] if v["left"] > 0] if item else []
            if client and item and variants:
                await client.buy(item["placement"], self._random.choice(variants)["id"])

    def _somebody(self) -> Client | None:
        here = [client for client in self._buyers if client.connected]
        return self._random.choice(here) if here else None

    def _line(self, lines: list[str]) -> str:
        """One that was not said lately."""
        fresh = [
            line
            for line in lines
            if line not in self._said and (self._board.thing or "{thing}" not in line)
        ]
        line = self._random.choice(fresh or lines)
        self._said = [*self._said, line][-16:]
        return line.format(thing=self._board.thing or "one")
