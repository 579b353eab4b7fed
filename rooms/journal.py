"""Durable events: a row with the next number in the action's transaction, a push after the commit.

The push may be lost (Redis down, process killed in between); hubs notice the missing number and
read it from here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from typing import Any

import redis as redis_errors
from django.db import connection, transaction

from rooms import shards, wire
from rooms.models import Room, RoomEvent

log = logging.getLogger(__name__)

Entry = tuple[str, dict[str, Any]]


def record(room: Room, *events: Entry) -> None:
    """Append `events` (type, payload) to the room and announce them when the transaction commits.

    Takes the row lock of the room, which every caller already holds by `actions.locking.locked`.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("record() needs a transaction")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE rooms_room SET event_seq = event_seq + %s WHERE id = %s RETURNING event_seq",
            [len(events), room.pk],
        )
        (head,) = cursor.fetchone()
    first = head - len(events) + 1
    rows = [
        RoomEvent(room=room, seq=first + offset, type=kind, payload=payload)
        for offset, (kind, payload) in enumerate(events)
    ]
    RoomEvent.objects.bulk_create(rows)
    room.event_seq = head
    transaction.on_commit(partial(_push, room.pk, rows))


def _push(room_id: int, rows: list[RoomEvent]) -> None:
    push(
        room_id,
        ({"s": row.seq, "d": wire.durable(row.seq, row.type, row.payload)} for row in rows),
    )


def push(room_id: int, entries: Iterable[dict[Any, Any]]) -> bool:
    """Add entries to the room's stream in one round trip; False when Redis is away."""
    name = wire.stream_key(room_id)

    def fill(pipeline: Any) -> None:
        for entry in entries:
            pipeline.xadd(name, entry, maxlen=wire.STREAM_LENGTH, approximate=True)
        pipeline.expire(name, wire.STREAM_SECONDS)

    try:
        shards.execute(room_id, fill)
    except redis_errors.RedisError as error:
        log.warning(
            "room push failed; hubs will read the events from the database",
            extra={"room": room_id, "error": str(error)},
        )
        return False
    return True


def since(room_id: int, seq: int, limit: int) -> list[tuple[int, str]]:
    """Up to `limit` durable events after `seq`, in order, as (number, encoded)."""
    rows = RoomEvent.objects.filter(room_id=room_id, seq__gt=seq).order_by("seq")[:limit]
    return [(row.seq, wire.durable(row.seq, row.type, row.payload)) for row in rows]
