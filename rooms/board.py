"""What hangs in a room for everybody to see, besides goods and pin: one value for each key.

A durable `board` event replaces the whole value of its key, so the fold is one assignment and a
viewer who joins late sees the same board. Keys and the shape of their values: docs/realtime.md.
"""

from __future__ import annotations

from typing import Any

from rooms.journal import record
from rooms.models import Room


def hang(room: Room, key: str, value: dict[str, Any] | None) -> None:
    """Put `value` on the board under `key`, or take it down (None), and announce it.

    The caller holds the room's lock (`actions.locking.locked`) in the transaction of the fact that
    `value` shows. Does nothing when the board says so already.
    """
    if room.board.get(key) == value:
        return
    board = {name: kept for name, kept in room.board.items() if name != key}
    if value is not None:
        board[key] = value
    Room.objects.filter(pk=room.pk).update(board=board)
    room.board = board
    record(room, ("board", {"key": key, "value": value}))
