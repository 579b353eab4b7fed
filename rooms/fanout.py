"""What a server may offer beside ASGI's `send`: writing a ready-made frame to one connection.

A server that can puts an object with the interface `Fanout` into
`scope["extensions"]["liveshop.fanout"]`; `liveshop.serving` does for uvicorn and Daphne. Everywhere
else `rooms.hub.stepped` does the same work with the plain `send`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

EXTENSION = "liveshop.fanout"

# Bytes of one connection that may wait in this process. Past them nothing more is queued for it but
# what is addressed to it alone, and past twice that it is closed.
BOUND = 64 * 1024
# Who floods is not read from for so long before it is closed: its bytes wait in its own buffers,
# which costs us nothing, and it cannot come back on the same socket at once.
FLOODER_SECONDS = 3.0


class Fanout(Protocol):
    """The outgoing side of one WebSocket connection. Nothing here waits or raises."""

    # Whether the peer takes messages deflated on their own with a window of 15 bits.
    compresses: bool
    # Called when `write` has answered False and the peer has read what waited.
    on_drained: Callable[[], None] | None

    @property
    def unsent(self) -> int:
        """Bytes that wait in this process for the peer to read."""
        ...

    def write(self, frame: bytes) -> bool:
        """Send one whole frame, header included; False when more than the bound waits.

        What the socket does not take at once goes through the server's transport, behind which
        all later frames, pongs and the close frame queue up. After the end of the connection it
        does nothing.
        """
        ...

    def stop_reading(self) -> None:
        """Take nothing more from the peer, for good: what it sends waits on its own side."""
        ...


def offered(scope: dict[str, Any]) -> Fanout | None:
    """The server's own way to write frames, if it has one."""
    found: Fanout | None = (scope.get("extensions") or {}).get(EXTENSION)
    return found
