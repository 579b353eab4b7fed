"""“Please explain item N”: wishes of viewers, counted for the anchor alone.

Best effort, in Redis: one hash for each room (placement → wishes since it was last pinned), and a
mark for each person and item so that one counts once a minute, whatever process they are on.
"""

from __future__ import annotations

from typing import Any

import redis as redis_errors

from rooms import shards
from rooms.models import RoomItem
from rooms.wire import STREAM_SECONDS, key

ONCE_IN_SECONDS = 60


def _counts(room_id: int) -> str:
    return key("rooms", "asks", room_id)


def _mark(room_id: int, placement: int, person: str) -> str:
    return key("rooms", "asked", room_id, placement, person)


def is_shown(room_id: int, placement: int) -> bool:
    """Whether the room shows that item and can still sell it."""
    return RoomItem.objects.shown().filter(room=room_id, placement=placement).exists()


def ask(room_id: int, placement: int, person: str) -> bool:
    """Count one wish; False when this person's last one for this item is under a minute old.

    Raises redis.RedisError when Redis is away.
    """

    def mark(pipeline: Any) -> None:
        pipeline.set(_mark(room_id, placement, person), 1, nx=True, ex=ONCE_IN_SECONDS)

    (fresh,) = shards.execute(room_id, mark)
    if not fresh:
        return False

    def count(pipeline: Any) -> None:
        pipeline.hincrby(_counts(room_id), str(placement), 1)
        pipeline.expire(_counts(room_id), STREAM_SECONDS)

    shards.execute(room_id, count)
    return True


def counts(room_id: int) -> dict[int, int]:
    """Wishes by placement; empty while Redis is away."""
    try:
        (found,) = shards.execute(room_id, lambda pipeline: pipeline.hgetall(_counts(room_id)))
    except redis_errors.RedisError:
        return {}
    return {int(placement): int(count) for placement, count in found.items()}


def clear(room_id: int, placement: int) -> None:
    """The item is being explained now."""
    try:
        shards.execute(room_id, lambda pipeline: pipeline.hdel(_counts(room_id), str(placement)))
    except redis_errors.RedisError:
        return
