"""The outgoing side of one connection: never waited for, and bounded in what it may hold."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from dataclasses import dataclass
from typing import Any

from rooms import wire
from rooms.hub import metrics

# Unsent bytes after which best-effort events are dropped; at twice that the socket is closed.
BOUND = 64 * 1024
TOO_SLOW = 4008

Message = dict[str, Any]
Send = Callable[[Message], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is signed in on a connection. `proof` is the session's hash of the password."""

    user_id: int
    name: str
    session_key: str
    proof: str


def text(*events: str) -> Message:
    """One frame of encoded events, ready to be shared by all viewers."""
    return {"type": "websocket.send", "text": f"[{','.join(events)}]"}


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


class Viewer:
    """`seq` is the last durable event written or queued.

    A frame is written by stepping the server's `send` once: it finishes at once unless the
    transport is full. Then a task waits in its place, frames queue up to BOUND, and what comes
    after is dropped; `on_drained` fills the durable part in again.
    """

    __slots__ = (
        "_backlog",
        "_behind",
        "_on_close",
        "_on_drained",
        "_send",
        "_task",
        "closed",
        "identity",
        "language",
        "missed",
        "person",
        "seq",
    )

    def __init__(
        self,
        send: Send,
        identity: Identity | None,
        *,
        language: str = "en",
        visitor: str = "",
        on_drained: Callable[[Viewer], None],
        on_close: Callable[[int], None],
    ) -> None:
        self.identity = identity
        # Who is counted: an account, a guest's browser, or else this connection.
        self.person = f"u{identity.user_id}" if identity else f"g{visitor or secrets.token_hex(8)}"
        self.language = language
        self.seq = 0
        self.closed = False
        self.missed = False
        self._send = send
        self._on_drained = on_drained
        self._on_close = on_close
        self._task: asyncio.Task[None] | None = None
        self._backlog: deque[Message] = deque()
        self._behind = 0

    @property
    def blocked(self) -> bool:
        """Whether a frame waits for the peer to read."""
        return self._task is not None

    @property
    def unsent(self) -> int:
        """Characters held back or dropped since the viewer stopped reading."""
        return self._behind

    def push(self, *events: dict[str, Any]) -> None:
        """Write events addressed to this viewer alone, at once."""
        self.deliver(text(*(wire.encode(event) for event in events)), essential=True)

    def deliver(self, message: Message, seq: int = 0, *, essential: bool = False) -> None:
        """Write one frame, queue it, or drop it; never waits. `seq`: its last durable event."""
        if self.closed:
            return
        if self._task is None:
            self.seq = max(self.seq, seq)
            self._step(message)
            return
        self._behind += len(message["text"])
        if self._behind > 2 * BOUND:
            metrics.TOO_SLOW.inc()
            self.close(TOO_SLOW)
        elif essential or (self._behind <= BOUND and not self.missed):
            self.seq = max(self.seq, seq)
            self._backlog.append(message)
        else:
            metrics.DROPPED.inc()
            self.missed = True

    def _step(self, message: Message) -> None:
        coroutine = self._send(message)
        try:
            waiting_for = coroutine.send(None)
        except StopIteration:
            return
        except Exception:
            # The peer is gone; its reading side finds out by itself.
            self.closed = True
            return
        self._task = asyncio.ensure_future(self._drain(_Rest(coroutine, waiting_for)))

    async def _drain(self, rest: Awaitable[None]) -> None:
        try:
            await rest
            while self._backlog:
                await self._send(self._backlog.popleft())
        except asyncio.CancelledError:
            raise
        except Exception:
            self.closed = True
            return
        self._task = None
        self._behind = 0
        if self.missed:
            self.missed = False
            self._on_drained(self)

    def close(self, code: int) -> None:
        """End the connection with `code`; a peer that does not read only loses its transport."""
        if self.closed:
            return
        self.closed = True
        self._backlog.clear()
        if self._task is not None:
            self._task.cancel()
        self._on_close(code)

    def release(self) -> None:
        """The connection is over: stop what still waits for it."""
        self.closed = True
        self._backlog.clear()
        if self._task is not None:
            self._task.cancel()
