"""Buyers on WebSockets of their own: all press at once, and press again as soon as they are answered."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import struct
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

CONNECTING_TOGETHER = 100
PATIENCE_SECONDS = 120.0
TEXT = 0x81


@dataclass
class Sale:
    """What a crowd was told; `seconds` from the first press to the last answer."""

    answers: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    unanswered: int = 0
    orders: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        return self.answers["order.accepted"]

    def percentile_ms(self, share: float) -> float:
        """Of all answers; infinite when some buyer got none."""
        if self.unanswered or not self.latencies:
            return float("inf")
        ordered = sorted(self.latencies)
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)


class Buyer(asyncio.Protocol):
    """One socket. Unmasked in effect: the mask of its frames is zero."""

    def __init__(self, number: int, ended: asyncio.Event) -> None:
        self.number = number
        self.welcomed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ended = ended
        self._held = b""
        self._transport: asyncio.Transport | None = None
        self.begin_sale(Sale(), 0, b"", "")

    def begin_sale(self, sale: Sale, times: int, wish: bytes, mark: str) -> None:
        self._sale, self._left, self._wish, self._mark = sale, times, wish, mark
        self._key = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if not self.welcomed.done():
            self.welcomed.set_exception(error or ConnectionError("closed before the welcome"))

    def shake_hands(self, path: str, port: int, cookie: str) -> None:
        assert self._transport
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            f"Origin: http://127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n".encode()
        )

    def press(self) -> None:
        """Ask for one piece under a fresh key."""
        assert self._transport
        self._key = f"{self._mark}-{self.number}-{self._left}".encode()
        self._left -= 1
        payload = b'{"t":"buy","key":"%s",%s}' % (self._key, self._wish)
        self._pressed = time.perf_counter()
        self._transport.write(struct.pack("!BBH4x", TEXT, 0x80 | 126, len(payload)) + payload)

    def data_received(self, data: bytes) -> None:
        if not self.welcomed.done():
            self._held += data
            if b'"welcome"' in self._held:
                self._held = b""
                self.welcomed.set_result(None)
            return
        if not self._key:
            return
        self._held += data
        found = self._held.find(b'"key":"%s"' % self._key)
        if found < 0:
            # An answer may come in two pieces; what is longer was news of the room.
            self._held = self._held[-2000:]
            return
        kind = self._held[self._held.rfind(b'{"t":"', 0, found) + 6 :].split(b'"', 1)[0].decode()
        sale = self._sale
        now = time.perf_counter()
        sale.answers[kind] += 1
        sale.latencies.append(now - self._pressed)
        if kind == "order.accepted":
            number = self._held[self._held.find(b'"order":"', found) + 9 :].split(b'"', 1)[0]
            sale.orders.append(number.decode())
        elif len(sale.refusals) < 5:
            sale.refusals.append(
                self._held[max(0, found - 200) : found + 200].decode(errors="replace")
            )
        self._held = b""
        sale.unanswered -= 1
        if self._left:
            self.press()
        else:
            self._key = b""
        if not sale.unanswered:
            self._ended.set()

    def leave(self) -> None:
        if self._transport:
            self._transport.abort()


class Crowd:
    """`sessions` signed-in buyers in one room."""

    def __init__(self, port: int, room: int, sessions: list[str], cookie: str) -> None:
        self._port = port
        self._path = f"/ws/rooms/{room}/"
        self._cookies = [f"{cookie}={session}" for session in sessions]
        self._buyers: list[Buyer] = []
        self._ended = asyncio.Event()

    async def come(self) -> None:
        """Returns when everybody was welcomed."""
        gate = asyncio.Semaphore(CONNECTING_TOGETHER)

        async def one(number: int, cookie: str) -> Buyer:
            async with gate:
                _, buyer = await asyncio.get_running_loop().create_connection(
                    lambda: Buyer(number, self._ended), "127.0.0.1", self._port
                )
                buyer.shake_hands(self._path, self._port, cookie)
                await asyncio.wait_for(buyer.welcomed, PATIENCE_SECONDS)
                return buyer

        self._buyers = await asyncio.gather(*(one(n, c) for n, c in enumerate(self._cookies)))

    async def buy(self, wish: dict[str, Any], times: int, mark: str) -> Sale:
        """Each buys `times` times, one after the other."""
        sale = Sale(unanswered=times * len(self._buyers))
        self._ended.clear()
        fields = ",".join(f'"{name}":{value}' for name, value in wish.items()).encode()
        began = time.perf_counter()
        for buyer in self._buyers:
            buyer.begin_sale(sale, times, fields, mark)
            buyer.press()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), PATIENCE_SECONDS)
        sale.seconds = time.perf_counter() - began
        return sale

    def leave(self) -> None:
        for buyer in self._buyers:
            buyer.leave()
