"""Writing to a connection through nothing but ASGI's `send`, without ever waiting for it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

from rooms.fanout import BOUND
from rooms.hub.frames import Frame

Message = dict[str, Any]
Send = Callable[[Message], Coroutine[Any, Any, None]]


class _Rest:
    """The rest of a coroutine whose first step has been taken by hand."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], waiting_for: Any) -> None:
        self._coroutine = coroutine
        self._waiting_for = waiting_for

    def __await__(self) -> Generator[Any, Any, None]:
        answer: Any = None
        error: BaseException | None = None
        while True:
            try:
                answer, error = (yield self._waiting_for), None
            except BaseException as thrown:
                error = thrown
            try:
                if error is None:
                    self._waiting_for = self._coroutine.send(answer)
                else:
                    self._waiting_for = self._coroutine.throw(error)
            except StopIteration:
                return


class SteppedSend:
    """Steps the server's `send` once for a frame: it finishes at once unless its transport is full.

    Then a task waits in its place and frames queue up. How much the server itself holds is its own
    affair: uvicorn stops at 64 KiB, Daphne's plain `send` never does.
    """

    __slots__ = ("_backlog", "_full", "_on_drained", "_on_gone", "_send", "_task", "unsent")

    def __init__(
        self, send: Send, *, on_drained: Callable[[], None], on_gone: Callable[[], None]
    ) -> None:
        self.unsent = 0
        self._send = send
        self._on_drained = on_drained
        self._on_gone = on_gone
        self._task: asyncio.Task[None] | None = None
        self._backlog: deque[Frame] | None = None
        self._full = False

    @property
    def blocked(self) -> bool:
        """Whether a frame waits for the peer to read."""
        return self._task is not None

    def write(self, frame: Frame) -> bool:
        """Send or queue one frame; False when more than the bound waits, and `on_drained` follows."""
        if self._task is None:
            self._step(frame)
            return True
        if self._backlog is None:
            self._backlog = deque()
        self._backlog.append(frame)
        self.unsent += len(frame.plain)
        self._full = self._full or self.unsent > BOUND
        return not self._full

    def _step(self, frame: Frame) -> None:
        coroutine = self._send(frame.message)
        try:
            waiting_for = coroutine.send(None)
        except StopIteration:
            return
        except Exception:
            self._on_gone()
            return
        self.unsent = len(frame.plain)
        self._task = asyncio.ensure_future(self._drain(_Rest(coroutine, waiting_for)))

    async def _drain(self, rest: Awaitable[None]) -> None:
        try:
            await rest
            while self._backlog:
                frame = self._backlog.popleft()
                await self._send(frame.message)
                self.unsent -= len(frame.plain)
        except asyncio.CancelledError:
            raise
        except Exception:
            self._on_gone()
            return
        self._task = self._backlog = None
        self.unsent = 0
        if self._full:
            self._full = False
            self._on_drained()

    def stop(self) -> None:
        """Give up what still waits."""
        self._backlog = None
        if self._task is not None:
            self._task.cancel()
