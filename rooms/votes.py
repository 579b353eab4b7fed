"""Votes of polls: many people's in one statement, each person's once, none after the end.

A process gathers the votes of a short moment and writes them together, so five thousand voters in
ten seconds are a few dozen statements. The unique constraint of (poll, user) is what makes a second
vote impossible, on whatever process it comes; the share lock on the poll is what makes an accepted
vote count: `close_poll` waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from django.db import connection
from django.db.models import Count

from core import clock
from rooms.models import Poll, PollVote

Outcome = Literal["counted", "voted", "closed"]


@dataclass(frozen=True, slots=True)
class Vote:
    """`option` counts from 0."""

    poll: int
    room: int
    user: int
    option: int


_CAST = """
WITH cast_votes AS (
    SELECT * FROM unnest(%(polls)s::bigint[], %(rooms)s::bigint[], %(users)s::bigint[],
                         %(options)s::int[]) AS v (poll, room, person, option)
), running AS (
    SELECT id, room_id, jsonb_array_length(options) AS answers FROM rooms_poll
    WHERE id = ANY(%(polls)s::bigint[]) AND state = 'RUNNING' AND ends_at > %(now)s
    ORDER BY id FOR SHARE
), written AS (
    INSERT INTO rooms_pollvote (poll_id, user_id, option)
    SELECT poll, person, option FROM cast_votes JOIN running ON running.id = poll
        AND running.room_id = room AND option < running.answers
    ORDER BY poll, person
    ON CONFLICT (poll_id, user_id) DO NOTHING
    RETURNING poll_id, user_id
)
SELECT v.poll, v.person, w.user_id IS NOT NULL, r.id IS NOT NULL AND v.option < r.answers
FROM cast_votes v
LEFT JOIN written w ON w.poll_id = v.poll AND w.user_id = v.person
LEFT JOIN running r ON r.id = v.poll AND r.room_id = v.room
"""


def cast(votes: Iterable[Vote]) -> dict[tuple[int, int], Outcome]:
    """Write votes in one statement; the outcome of each (poll, user).

    `counted`: written now. `voted`: this person has voted before. `closed`: the poll is over, has no
    such answer or is not of that room. Of two votes of one person in the same call the first counts.
    Locks the polls FOR SHARE until the statement is committed.
    """
    first: dict[tuple[int, int], Vote] = {}
    for vote in votes:
        first.setdefault((vote.poll, vote.user), vote)
    rows = list(first.values())
    if not rows:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            _CAST,
            {
                "polls": [vote.poll for vote in rows],
                "rooms": [vote.room for vote in rows],
                "users": [vote.user for vote in rows],
                "options": [vote.option for vote in rows],
                "now": clock.now(),
            },
        )
        found = cursor.fetchall()
    return {
        (poll, user): "counted" if written else "voted" if running else "closed"
        for poll, user, written, running in found
    }


def count(poll_id: int, answers: int) -> list[int]:
    """Votes of each answer, as committed so far."""
    by_option = dict(
        PollVote.objects.filter(poll=poll_id).values_list("option").annotate(votes=Count("pk"))
    )
    return [by_option.get(option, 0) for option in range(answers)]


def tally(poll_id: int) -> list[int]:
    """As `count`, for a poll of which only the id is known; empty for none."""
    options = Poll.objects.filter(pk=poll_id).values_list("options", flat=True).first()
    return count(poll_id, len(options or ()))
