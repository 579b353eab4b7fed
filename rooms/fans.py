"""How a fan's level grows: points by what one does, levels by thresholds, both in one place."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import connection

from accounts.models import Follow
from rooms.models import Fan
from rooms.states import ON_AIR

POINTS = {"minute": 1, "line": 2, "likes": 1, "order": 100}
# Taps on the heart that make one point.
LIKES_A_POINT = 20
# What one minute can bring besides watching, so that noise does not pay.
MOST_A_MINUTE = 6

# Watching counts while the show is on.
EARNING = ON_AIR

# Points from which a level is reached: level 1 at the first, and so on.
LEVELS = (10, 50, 150, 400, 1_000, 2_500, 6_000, 15_000, 40_000)


@dataclass(frozen=True, slots=True)
class Standing:
    points: int
    follows: bool

    @property
    def level(self) -> int:
        return level_of(self.points)


def level_of(points: int) -> int:
    """0 for a stranger, up to len(LEVELS)."""
    return bisect_right(LEVELS, points)


def standings(pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], Standing]:
    """Points and following of each (anchor, user), in two queries."""
    anchors = {anchor for anchor, _ in pairs}
    users = {user for _, user in pairs}
    fans = Fan.objects.filter(anchor__in=anchors, user__in=users)
    points = {(a, u): p for a, u, p in fans.values_list("anchor_id", "user_id", "points")}
    follows = Follow.objects.filter(anchor__in=anchors, follower__in=users)
    following = set(follows.values_list("anchor_id", "follower_id"))
    return {pair: Standing(points.get(pair, 0), pair in following) for pair in pairs}


def add(points: Mapping[tuple[int, int], int]) -> None:
    """Add points for each (anchor, user), in one statement and in ascending order of keys."""
    rows = sorted((a, u, n) for (a, u), n in points.items() if n > 0 and a != u)
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO rooms_fan (anchor_id, user_id, points)
            SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::int[])
            ON CONFLICT (anchor_id, user_id)
            DO UPDATE SET points = rooms_fan.points + excluded.points, updated_at = now()
            """,
            [list(column) for column in zip(*rows, strict=True)],
        )
