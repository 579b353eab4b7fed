"""A viewer by the rule of docs/realtime.md: resume by `s`, fold what is next, heal by itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import time
from collections.abc import Callable
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection, connect

from rooms.snapshot import fold

# As frontend/src/room/socket.ts has them.
BEAT_SECONDS = 2.5
PING_SECONDS = 10.0
DEAD_SECONDS = 5.0
TOO_SLOW = 4008
# Best effort, of the moment, or signed anew each time.
NOT_FOLDED = ("now", "chat", "counts")

Route = Callable[["Viewer"], int]


def comparable(state: dict[str, Any]) -> dict[str, Any]:
    """The part of a snapshot that durable events fold into."""
    kept = {name: value for name, value in state.items() if name not in NOT_FOLDED}
    return {**kept, "video": {"state": state["video"]["state"]}}


class Viewer:
    """One socket that comes back. `state` is the snapshot folded so far.

    `route` gives the port to dial; `small` makes the kernel's buffers as small as it lets us, so
    that a viewer who does not read is noticed soon.
    """

    def __init__(
        self, number: int, room: int, route: Route, *, cookie: str = "", small: bool = False
    ) -> None:
        self.number = number
        self.room = room
        self.cookie = cookie
        self.port = 0
        self.state: dict[str, Any] | None = None
        self.link = "connecting"
        self.opened_at = 0.0
        self.resets = 0
        self.repeated = 0
        self.folded = 0
        self.hellos = 0
        self.dropped: list[int] = []
        self.heard: Callable[[Viewer, dict[str, Any]], None] = lambda viewer, event: None
        # Clear it and nothing is read from the socket.
        self.reading = asyncio.Event()
        self.reading.set()
        self._route = route
        self._small = small
        self._tries = 0
        self._retry: float | None = None
        self._asking = False
        self._heard_at = 0.0
        self._pinged_at = 0.0
        self._socket: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def s(self) -> int:
        return self.state["s"] if self.state else -1

    @property
    def local_port(self) -> int:
        """Of the connection, as the proxy sees it; 0 without one."""
        return self._socket.local_address[1] if self._socket else 0

    def described(self) -> str:
        """What to know of a viewer that is not where it should be."""
        silent = time.monotonic() - self._heard_at
        asked = self._pinged_at > self._heard_at
        return (
            f"viewer {self.number} ({self.link}, silent for {silent:.1f} s, ping open {asked}, "
            f"tries {self._tries}, closed before with {self.dropped[-3:]})"
        )

    def start(self) -> None:
        self._task = asyncio.create_task(self._live())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._socket is not None:
            self._socket.transport.abort()

    async def send(self, message: dict[str, Any]) -> bool:
        """False when there is no open connection."""
        if self._socket is None or self.link != "open":
            return False
        try:
            await self._socket.send(json.dumps(message))
        except (websockets.ConnectionClosed, OSError):
            return False
        return True

    def hang_up(self) -> None:
        """Leave as a page that is loaded again would, and come back."""
        if self._socket is not None:
            self.link = "lost"
            self._retry = 0.0
            self._socket.transport.abort()

    async def _live(self) -> None:
        while True:
            code = await self._one_connection()
            self.link = "lost"
            self.dropped.append(code)
            assert code not in {4001, 4004, 4009}, f"viewer {self.number} was closed with {code}"
            wait = random.random() * min(10.0, 0.5 * 2**self._tries)
            if code == TOO_SLOW:
                wait = 0.0
            if self._retry is not None:
                wait, self._retry = self._retry, None
            self._tries += 1
            await asyncio.sleep(wait)

    async def _one_connection(self) -> int:
        self.port = self._route(self)
        query = f"?s={self.s}" if self.state else ""
        raw = None
        if self._small:
            raw = socket.socket()
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            raw.setblocking(False)
        self._asking = self.state is not None
        self._heard_at = time.monotonic()
        self._pinged_at = 0.0
        try:
            if raw is not None:
                loop = asyncio.get_running_loop()
                await asyncio.wait_for(loop.sock_connect(raw, ("127.0.0.1", self.port)), 5)
            self._socket = await connect(
                f"ws://127.0.0.1:{self.port}/ws/rooms/{self.room}/{query}",
                sock=raw,
                additional_headers={"Cookie": f"sessionid={self.cookie}"} if self.cookie else None,
                compression=None,
                ping_interval=None,
                open_timeout=DEAD_SECONDS + PING_SECONDS,
                close_timeout=0.2,
                max_queue=1 if self._small else 16,
                max_size=None,
                proxy=None,
            )
        except (OSError, TimeoutError, websockets.WebSocketException, EOFError):
            if raw is not None:
                raw.close()
            return 1006
        try:
            if self.state is None:
                await self._hello(None)
            while True:
                await self.reading.wait()
                for event in json.loads(await self._socket.recv()):
                    await self._take(event)
                self._heard_at = time.monotonic()
        except websockets.ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006
        finally:
            self._socket.transport.abort()
            self._socket = None

    async def _hello(self, s: int | None) -> None:
        self._asking = True
        assert self._socket is not None
        await self._socket.send(json.dumps({"t": "hello", "s": s}))

    async def _take(self, event: dict[str, Any]) -> None:
        kind = event["t"]
        if kind == "welcome":
            # The greeting without a `?s=` is no answer to our question.
            if self.state is not None:
                self._open()
        elif kind == "reset":
            self.resets += 1
            # Nothing here folds chat; without it a fold copies less.
            self.state = {**event["snapshot"], "chat": []}
            self._open()
        elif kind == "bye":
            self._retry = event["retry_ms"] / 1000
        elif "s" in event:
            await self._take_durable(event)
        self.heard(self, event)

    def _open(self) -> None:
        self._tries = 0
        self._asking = False
        if self.link != "open":
            self.link = "open"
            self.opened_at = time.monotonic()

    async def _take_durable(self, event: dict[str, Any]) -> None:
        if self.state is None:
            return
        if event["s"] <= self.s:
            self.repeated += 1
        elif event["s"] == self.s + 1:
            self.state = fold(self.state, event)
            self.folded += 1
        elif not self._asking:
            self.hellos += 1
            await self._hello(self.s)

    async def beat(self) -> None:
        """What the page does every BEAT_SECONDS: notice a connection that died without a word."""
        if self._socket is None:
            return
        now = time.monotonic()
        unanswered = self._pinged_at > self._heard_at
        silent = now - (self._pinged_at if unanswered else self._heard_at)
        if unanswered and silent > DEAD_SECONDS:
            self.link = "lost"
            self._socket.transport.abort()
        elif not unanswered and silent > PING_SECONDS:
            self._pinged_at = now
            # One page's full buffer holds up no other page.
            with contextlib.suppress(websockets.ConnectionClosed, OSError, TimeoutError):
                async with asyncio.timeout(1):
                    await self._socket.send('{"t":"ping"}')
