"""What hangs in a room, and a poll to hang there."""

from __future__ import annotations

from typing import Any

from rooms import actions
from rooms.models import Poll, Room
from rooms.snapshot import snapshot


def board(room: Room) -> dict[str, Any]:
    found: dict[str, Any] = snapshot(room.pk)["board"]
    return found


def poll_in(room: Room, *, seconds: int = 60, options: int = 3) -> Poll:
    return actions.open_poll(
        room=room,
        question="Which colour next?",
        options=[f"Colour {n}" for n in range(options)],
        seconds=seconds,
        actor=room.anchor,
    )
