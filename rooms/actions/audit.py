"""The trail that moderation leaves, and the word that goes round when rules change."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import connection, transaction

from accounts.models import User
from rooms import notices, wire
from rooms.journal import push
from rooms.models import ChatMessage, ModerationAction, Room

EVIDENCE_LINES = 5


def note(
    what: str,
    *,
    anchor_id: int,
    role: str,
    actor: User | None,
    room: Room | None = None,
    target_id: int | None = None,
    reason: str = "",
    evidence: dict[str, Any] | None = None,
) -> ModerationAction:
    """Write one row of the audit trail and show it to the crew once it is committed."""
    row = ModerationAction.objects.create(
        anchor_id=anchor_id,
        room=room,
        actor=actor,
        actor_role=role,
        what=what,
        target_id=target_id,
        reason=reason[:300],
        evidence=evidence or {},
    )
    if room is not None:
        tell_crew(room.pk, {"what": "action", "action": action_of(row)})
    return row


def action_of(row: ModerationAction) -> dict[str, Any]:
    """As the moderators' page shows it."""
    return {
        "id": row.pk,
        "what": row.what,
        "actor": row.actor.name if row.actor else "",
        "role": row.actor_role,
        "target": {"id": row.target_id, "name": row.target.name} if row.target else None,
        "reason": row.reason,
        "evidence": row.evidence,
        "at": wire.millis(row.at),
    }


def tell_crew(room_id: int, event: dict[str, Any]) -> None:
    """Send a `mod` event to the crew's sockets in that room after the commit."""
    line = wire.encode({"t": "mod", **event})
    transaction.on_commit(partial(_push_crew, room_id, line))


def _push_crew(room_id: int, line: str) -> None:
    push(room_id, [{"k": "crew", "d": line}])


def touch_house(anchor_id: int) -> None:
    """Something that gates judge by has changed: raise the version, tell the hubs on commit.

    Takes the row lock of the anchor's HouseRules; rooms are locked before it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO rooms_houserules
                (anchor_id, slow_seconds, followers_only, links_blocked, words, version)
            VALUES (%s, 0, false, true, '{}', 1)
            ON CONFLICT (anchor_id) DO UPDATE SET version = rooms_houserules.version + 1
            """,
            [anchor_id],
        )
    transaction.on_commit(partial(notices.house_changed, anchor_id=anchor_id))


def lines_as_evidence(lines: Iterable[ChatMessage]) -> list[dict[str, Any]]:
    """Copies that outlive the log."""
    return [
        {
            "id": line.line,
            "user": line.user_id,
            "name": line.name,
            "text": line.text,
            "at": wire.millis(line.at),
        }
        for line in lines
    ]


def last_lines(room: Room, user_id: int) -> list[dict[str, Any]]:
    """What somebody said last in this room, oldest first."""
    lines = ChatMessage.objects.filter(room=room, user_id=user_id)[:EVIDENCE_LINES]
    return lines_as_evidence(reversed(lines))
