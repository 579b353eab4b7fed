"""Writing ready-made frames straight to the socket of an asyncio transport."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Any

# What the kernel may hold for one viewer (it counts twice this): two seconds of the busiest room.
SEND_BUFFER = 64 * 1024
# A peer that takes no byte for so long is gone: half-open connections and readers that never read.
DEAD_MILLISECONDS = 30_000


class DirectWriter:
    """`rooms.fanout.Fanout` for a plain TCP transport, and by its `write` for any other.

    A frame goes to the kernel by one system call while the transport's own buffer is empty. What
    the kernel does not take goes through the transport, and so does all that comes before that is
    sent: frames are never mixed, and pongs and the close frame stay in order.
    """

    __slots__ = (
        "_descriptor",
        "_transport",
        "_waiting",
        "compresses",
        "deaf",
        "full",
        "on_drained",
    )

    def __init__(self, transport: asyncio.Transport, *, compresses: bool) -> None:
        self.compresses = compresses
        self.on_drained: Callable[[], None] | None = None
        # Set and cleared by the protocol's `pause_writing` and `resume_writing`.
        self.full = False
        # Read by the protocol: what has come already is no longer parsed either.
        self.deaf = False
        self._transport: asyncio.Transport | None = transport
        self._waiting = transport.get_write_buffer_size
        own: Any = transport.get_extra_info("socket")
        direct = own is not None and transport.get_extra_info("sslcontext") is None
        self._descriptor: int = own.fileno() if direct else -1

    @property
    def unsent(self) -> int:
        return 0 if self._transport is None else self._waiting()

    def write(self, frame: bytes) -> bool:
        if self._transport is None:
            return True
        if self._descriptor >= 0 and not self._waiting():
            try:
                sent = os.write(self._descriptor, frame)
            except BlockingIOError:
                sent = 0
            except OSError:
                self._transport.abort()
                self.detach()
                return True
            if sent == len(frame):
                return True
            frame = frame[sent:]
        self._transport.write(frame)
        return not self.full

    def stop_reading(self) -> None:
        """Take nothing more from the peer; the protocol still has to end the connection."""
        self.deaf = True
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def drained(self) -> None:
        """The transport has room again."""
        self.full = False
        if self.on_drained is not None:
            self.on_drained()

    def detach(self) -> None:
        """Never write again: the descriptor may soon be somebody else's."""
        self._transport = None
        self._descriptor = -1
        self.on_drained = None


def bound_kernel(transport: Any) -> None:
    """Bound what the kernel holds for this connection, and how long for a dead peer."""
    own = transport.get_extra_info("socket")
    if own is None or own.family not in (socket.AF_INET, socket.AF_INET6):
        return
    own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_MILLISECONDS)
