"""The line on top of the chat: an announcement of the crew, or a viewer's line they hold up."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core import clock
from core.errors import Invalid, NotFound
from rooms import history, wire
from rooms.actions.locking import locked, must_be_open
from rooms.actions.talk import clean
from rooms.board import hang
from rooms.models import Room

NOTICE = "notice"
LONGEST_MINUTES = 240


@transaction.atomic
def announce(*, room: Room, text: str, actor: User, minutes: int | None = None) -> None:
    """Put `text` (1 to 200 characters) on top of the chat, for `minutes` (1 to 240) or until it is
    taken down. Raises Invalid for either, Conflict when the show is over.
    """
    _hold_up(room, clean(text), actor, minutes)


@transaction.atomic
def pin_line(*, room: Room, line_id: str, actor: User, minutes: int | None = None) -> None:
    """Put a line of the chat on top of it, with its author's name.

    The text is the room's own record of what was said. Raises NotFound for a line that is not among
    the last ones.
    """
    line = _recent_line(room.pk, line_id)
    _hold_up(room, line["text"], actor, minutes, line=line)


@transaction.atomic
def take_notice_down(*, room: Room, actor: User) -> None:
    """Does nothing when there is none."""
    hang(locked(room.pk), NOTICE, None)


def let_go(room: Room, *, lines: Collection[str] = (), user_id: int = 0) -> None:
    """Those lines, or all of that person, were removed from the chat: none is held up any more.

    The caller holds the room's lock.
    """
    line = (room.board.get(NOTICE) or {}).get("line") or ""
    if line and (line in lines or line.startswith(f"{user_id}.")):
        hang(room, NOTICE, None)


def _hold_up(
    room: Room,
    text: str,
    actor: User,
    minutes: int | None,
    line: dict[str, Any] | None = None,
) -> None:
    if minutes is not None and not 1 <= minutes <= LONGEST_MINUTES:
        raise Invalid(_("Choose between 1 and 240 minutes."), code="bad_minutes")
    room = locked(room.pk)
    must_be_open(room)
    now = clock.now()
    until = None if minutes is None else now + timedelta(minutes=minutes)
    hang(
        room,
        NOTICE,
        {
            "text": text,
            "by": line["user"]["name"] if line else actor.name,
            "at": wire.millis(now),
            "until": wire.millis(until),
            "line": line["id"] if line else None,
        },
    )


def _recent_line(room_id: int, line_id: str) -> dict[str, Any]:
    for line in history.recent(room_id):
        if line["id"] == line_id:
            return line
    raise NotFound(_("This message is too old to be put on top."))
