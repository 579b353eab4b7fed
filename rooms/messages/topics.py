"""Every message a client may send: a new topic adds its HANDLERS here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rooms.messages import buying, likes, meeting, talk, tools

HANDLERS: dict[str, Callable[[Any, dict[str, Any]], Awaitable[None]]] = {
    **meeting.HANDLERS,
    **talk.HANDLERS,
    **likes.HANDLERS,
    **buying.HANDLERS,
    **tools.HANDLERS,
}
