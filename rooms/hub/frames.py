"""WebSocket frames, encoded once for all viewers of a room."""

from __future__ import annotations

import zlib
from typing import Any

_TEXT = 0x81
_DEFLATED_TEXT = 0xC1
# Shorter messages do not shrink enough to be worth it.
WORTH_DEFLATING = 256
_WINDOW_BITS = 15


class Frame:
    """A text message as ASGI has it, as bytes on the wire, and as bytes deflated (RFC 7692)."""

    __slots__ = ("_deflated", "_message", "_shared", "plain", "text")

    def __init__(self, text: str, *, shared: bool = False) -> None:
        payload = text.encode("utf-8", "replace")
        self.text = text
        self.plain = _header(_TEXT, len(payload)) + payload
        self._shared = shared and len(payload) >= WORTH_DEFLATING
        self._deflated: bytes | None = None
        self._message: dict[str, Any] | None = None

    @property
    def message(self) -> dict[str, Any]:
        """For ASGI's `send`."""
        if self._message is None:
            self._message = {"type": "websocket.send", "text": self.text}
        return self._message

    @property
    def deflated(self) -> bytes:
        """For peers that negotiated it. What one viewer alone gets is not deflated."""
        if self._deflated is None:
            self._deflated = (
                _deflated(self.text.encode("utf-8", "replace")) if self._shared else self.plain
            )
        return self._deflated


def frame(*events: str) -> Frame:
    """One frame of encoded events for one viewer."""
    return Frame(f"[{','.join(events)}]")


def shared(*events: str) -> Frame:
    """One frame of encoded events for a whole room."""
    return Frame(f"[{','.join(events)}]", shared=True)


def _header(first: int, length: int) -> bytes:
    if length < 126:
        return bytes((first, length))
    if length < 1 << 16:
        return bytes((first, 126)) + length.to_bytes(2, "big")
    return bytes((first, 127)) + length.to_bytes(8, "big")


def _deflated(payload: bytes) -> bytes:
    # A compressor of its own for each message: no context is taken over, so one result fits all.
    press = zlib.compressobj(level=6, wbits=-_WINDOW_BITS)
    body = press.compress(payload) + press.flush(zlib.Z_SYNC_FLUSH)
    # The empty block at the end goes without saying.
    body = body[:-4]
    return _header(_DEFLATED_TEXT, len(body)) + body
