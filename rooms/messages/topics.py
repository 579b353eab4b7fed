"""Every message a client may send: a new topic adds its HANDLERS here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rooms.messages import buying, deals, likes, meeting, reports, talk, tools

HANDLERS: dict[str, Callable[[Any, dict[str, Any]], Awaitable[None]]] = {
    **meeting.HANDLERS,
    **talk.HANDLERS,
    **likes.HANDLERS,
    **reports.HANDLERS,
    **buying.HANDLERS,
    **deals.HANDLERS,
    **tools.HANDLERS,
}
