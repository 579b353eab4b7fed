"""The chat that a late joiner is shown: the last lines, in Redis, or from the log without it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from typing import Any

import redis as redis_errors
from django.db.models.expressions import RawSQL

from rooms import shards, wire
from rooms.journal import push
from rooms.models import ChatMessage

# A line may reach the log a moment after it was removed: the event knows better.
_REMOVED = """EXISTS (
    SELECT 1 FROM rooms_roomevent e
    WHERE e.room_id = rooms_chatmessage.room_id AND e.type = 'chat.removed'
        AND e.at >= rooms_chatmessage.at
        AND (e.payload->'ids' ? rooms_chatmessage.line
            OR (e.payload->>'user')::bigint = rooms_chatmessage.user_id)
)"""


def recent(room_id: int) -> list[dict[str, Any]]:
    """The last lines, oldest first, as the snapshot has them."""
    try:
        (lines,) = shards.execute(
            room_id, lambda p: p.lrange(wire.chat_key(room_id), 0, wire.CHAT_HISTORY - 1)
        )
    except redis_errors.RedisError:
        lines = []
    return decoded(lines) or from_log(room_id)


def decoded(lines: list[str]) -> list[dict[str, Any]]:
    """Lines of the list in Redis (newest first), oldest first and without their type."""
    found = [json.loads(line) for line in reversed(lines)]
    for line in found:
        line.pop("t", None)
    return found


def from_log(room_id: int) -> list[dict[str, Any]]:
    """The same from PostgreSQL, in one query."""
    said = ChatMessage.objects.shown().filter(room=room_id).annotate(gone=RawSQL(_REMOVED, []))  # noqa: S611
    return [public_form(row) for row in reversed(said.filter(gone=False)[: wire.CHAT_HISTORY])]


def public_form(row: ChatMessage) -> dict[str, Any]:
    """A logged line as it went over the wire, without its type."""
    return {
        "id": row.line,
        "user": {"id": row.user_id, "name": row.name, "role": row.role, "level": row.level},
        "text": row.text,
        "at": wire.millis(row.at),
        **row.extra,
    }


def remember(room_id: int, line: str) -> None:
    """Put an encoded chat event into the history."""

    def fill(pipeline: Any) -> None:
        pipeline.lpush(wire.chat_key(room_id), line)
        pipeline.ltrim(wire.chat_key(room_id), 0, wire.CHAT_HISTORY - 1)
        pipeline.expire(wire.chat_key(room_id), wire.STREAM_SECONDS)

    try:
        shards.execute(room_id, fill)
    except redis_errors.RedisError:
        return


def refill(room_ids: Iterable[int]) -> None:
    """After a loss of Redis: put logged lines back behind those said since, once for each loss."""
    for room_id in room_ids:
        key = wire.chat_key(room_id)

        def claim(pipeline: Any, room_id: int = room_id, key: str = key) -> None:
            # Gone together with the data, so one process refills after each loss.
            pipeline.set(wire.refilled_key(room_id), 1, nx=True, ex=wire.STREAM_SECONDS)
            pipeline.lrange(key, 0, -1)

        try:
            claimed, lines = shards.execute(room_id, claim)
            if not claimed:
                continue
            said = {json.loads(line)["id"] for line in lines}
            old = [line for line in reversed(from_log(room_id)) if line["id"] not in said]
            if old:
                shards.execute(room_id, partial(_append, key=key, lines=old))
        except redis_errors.RedisError:
            continue


def _append(pipeline: Any, *, key: str, lines: list[dict[str, Any]]) -> None:
    pipeline.rpush(key, *(wire.encode({"t": "chat", **line}) for line in lines))
    pipeline.ltrim(key, 0, wire.CHAT_HISTORY - 1)
    pipeline.expire(key, wire.STREAM_SECONDS)


def forget(room_id: int, *, ids: list[str] | None = None, user_id: int | None = None) -> None:
    """Take lines, or all of a person, out of the history."""
    key = wire.chat_key(room_id)
    try:
        (lines,) = shards.execute(room_id, lambda p: p.lrange(key, 0, -1))
        gone = [line for line in lines if _concerned(json.loads(line), ids or [], user_id)]
        if gone:
            shards.execute(room_id, lambda p: _remove(p, key, gone))
    except redis_errors.RedisError:
        return


def _remove(pipeline: Any, key: str, lines: list[str]) -> None:
    for line in lines:
        pipeline.lrem(key, 0, line)


def _concerned(line: dict[str, Any], ids: list[str], user_id: int | None) -> bool:
    return line["id"] in ids or line["user"]["id"] == user_id


def tell(room_id: int, user_id: int, event: dict[str, Any]) -> None:
    """Send an event to one person's sockets in the room, wherever they are."""
    push(room_id, [{"k": "to", "u": user_id, "d": wire.encode(event)}])
