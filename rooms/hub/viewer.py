"""The outgoing side of one connection: never waited for, and bounded in what it may hold."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from rooms import wire
from rooms.fanout import BOUND, Fanout
from rooms.hub import metrics
from rooms.hub.frames import Frame, frame
from rooms.hub.stepped import Send, SteppedSend

TOO_SLOW = 4008
SEND_FAILED = 1011
# Who has not read what waits after this long is closed.
STALLED_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is signed in on a connection. `proof` is the session's hash of the password."""

    user_id: int
    name: str
    session_key: str
    proof: str
    username: str = ""


class Viewer:
    """`seq` is the last durable event written or queued.

    When more than BOUND bytes wait for the peer to read, it lags: nothing more is queued for it but
    what is addressed to it alone. When it has read, `on_drained` brings the durable events it
    missed; best-effort events are lost to it. It is closed with 4008 when it lags for
    STALLED_SECONDS, or when even addressed frames pass twice the bound.

    Until it is greeted, by the first essential frame with a `seq`, nothing of the room is written
    to it: that frame makes up for it, and what is addressed to the viewer waits for it.
    """

    __slots__ = (
        "_compresses",
        "_direct",
        "_early",
        "_give_up",
        "_on_close",
        "_on_drained",
        "_stepped",
        "closed",
        "identity",
        "language",
        "lost",
        "missed",
        "person",
        "seq",
    )

    def __init__(
        self,
        send: Send,
        identity: Identity | None,
        *,
        fanout: Fanout | None = None,
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
        # Whether events were kept back that the greeting or `on_drained` has not brought yet.
        self.missed = True
        # Whether best-effort events were among them, so that it may show old counts.
        self.lost = False
        # Addressed frames that wait for the greeting; None after it.
        self._early: list[Frame] | None = []
        self._on_drained = on_drained
        self._on_close = on_close
        self._give_up: asyncio.TimerHandle | None = None
        self._direct = fanout
        self._compresses = fanout is not None and fanout.compresses
        self._stepped: SteppedSend | None = None
        if fanout is not None:
            fanout.on_drained = self._drained
        else:
            self._stepped = SteppedSend(send, on_drained=self._drained, on_gone=self._gone)

    @property
    def direct(self) -> bool:
        """Whether the server writes ready-made frames for us."""
        return self._direct is not None

    @property
    def lagging(self) -> bool:
        """Whether more than the bound waits for the peer to read."""
        return self._give_up is not None

    @property
    def blocked(self) -> bool:
        """Whether the server's `send` would wait."""
        return self._stepped is not None and self._stepped.blocked

    @property
    def unsent(self) -> int:
        """Bytes that wait in this process for the peer to read."""
        outlet = self._direct or self._stepped
        return 0 if outlet is None else outlet.unsent

    def push(self, *events: dict[str, Any]) -> None:
        """Write events addressed to this viewer alone, at once."""
        self.deliver(frame(*(wire.encode(event) for event in events)), essential=True)

    def deliver(self, frame: Frame, seq: int | None = None, *, essential: bool = False) -> None:
        """Write one frame, queue it, or drop it; never waits. `seq`: its last durable event.

        `essential`: addressed to this viewer. One with a `seq` brings it up to date; the first
        such is its greeting.
        """
        if self.closed:
            return
        if self._give_up is not None or self.missed:
            if not essential:
                if self._early is None:
                    metrics.DROPPED.inc()
                self.missed = self.lost = True
                return
            if self._early is not None and seq is None:
                self._keep_early(frame)
                return
            if self._give_up is not None and self.unsent + len(frame.plain) > 2 * BOUND:
                self._too_slow()
                return
        if seq is not None:
            if seq > self.seq:
                self.seq = seq
            if essential:
                self.missed = False
        self._write(frame)
        if self._early is not None:
            early, self._early = self._early, None
            for waiting in early:
                self.deliver(waiting, essential=True)

    def _keep_early(self, frame: Frame) -> None:
        assert self._early is not None
        self._early.append(frame)
        if sum(len(waiting.plain) for waiting in self._early) > BOUND:
            self._too_slow()

    def _write(self, frame: Frame) -> None:
        if self._direct is not None:
            going_on = self._direct.write(frame.deflated if self._compresses else frame.plain)
        else:
            assert self._stepped is not None
            going_on = self._stepped.write(frame)
        if not going_on:
            self._fell_behind()

    def _fell_behind(self) -> None:
        if self._give_up is None:
            self._give_up = asyncio.get_running_loop().call_later(STALLED_SECONDS, self._too_slow)

    def _drained(self) -> None:
        if self._give_up is not None:
            self._give_up.cancel()
            self._give_up = None
        if self.missed and not self.closed:
            self._on_drained(self)

    def _gone(self) -> None:
        # A server that refuses one frame would leave a viewer who hears nothing and does not know.
        self.close(SEND_FAILED)

    def _too_slow(self) -> None:
        metrics.TOO_SLOW.inc()
        self.close(TOO_SLOW)

    def close(self, code: int) -> None:
        """End the connection with `code`; a peer that does not read only loses its transport."""
        if not self.closed:
            self.release()
            self._on_close(code)

    def release(self) -> None:
        """The connection is over: stop what still waits for it."""
        self.closed = True
        if self._give_up is not None:
            self._give_up.cancel()
            self._give_up = None
        if self._direct is not None:
            self._direct.on_drained = None
        if self._stepped is not None:
            self._stepped.stop()


def deliver_to_all(viewers: Iterable[Viewer], frame: Frame, seq: int) -> None:
    """`deliver` to each of a crowd; the plain case, which is nearly all of them, without a call."""
    plain = frame.plain
    for viewer in viewers:
        direct = viewer._direct
        if direct is None or viewer.missed or viewer.closed or viewer._give_up is not None:
            viewer.deliver(frame, seq)
            continue
        if seq > viewer.seq:
            viewer.seq = seq
        if not direct.write(frame.deflated if viewer._compresses else plain):
            viewer._fell_behind()
