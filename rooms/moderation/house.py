"""What gates judge by, read from PostgreSQL, and the gates of this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection

from rooms.models import CrewMember, HouseRules, PlatformWord, Sanction
from rooms.moderation.gate import Gate, House, Standing
from rooms.moderation.words import WordList

PLATFORM_SECONDS = 30.0
GATES_KEPT = 5_000

_gates: dict[int, Gate] = {}
_lock = threading.Lock()
_platform: tuple[float, WordList] = (-PLATFORM_SECONDS, WordList(()))


def versions(anchor_ids: Collection[int]) -> dict[int, int]:
    """Version of each anchor's rules, in one query; those who never changed anything have none."""
    rows = HouseRules.objects.filter(pk__in=anchor_ids)
    return dict(rows.values_list("pk", "version"))


def load(anchor_ids: Collection[int]) -> dict[int, House]:
    """Rules, crew and standing sanctions of these anchors: three queries."""
    # The version is read first: what changes meanwhile has a later one and is read again.
    rules = {row.pk: row for row in HouseRules.objects.filter(pk__in=anchor_ids)}
    roles: dict[int, dict[int, str]] = {}
    crew = CrewMember.objects.at_work().filter(anchor__in=anchor_ids)
    for anchor_id, user_id, role in crew.values_list("anchor_id", "user_id", "role"):
        roles.setdefault(anchor_id, {})[user_id] = role
    sanctions: dict[int, dict[int, tuple[Standing, ...]]] = {}
    for row in Sanction.objects.standing().filter(anchor__in=anchor_ids):
        until = row.until.timestamp() if row.until else None
        own = sanctions.setdefault(row.anchor_id, {})
        standing = Standing(row.pk, row.kind, until, row.reason)
        own[row.user_id] = (*own.get(row.user_id, ()), standing)
    platform = platform_words()
    return {
        anchor_id: _house(
            anchor_id,
            rules.get(anchor_id),
            platform,
            roles.get(anchor_id, {}),
            sanctions.get(anchor_id, {}),
        )
        for anchor_id in anchor_ids
    }


def _house(
    anchor_id: int,
    rules: HouseRules | None,
    platform: WordList,
    roles: dict[int, str],
    sanctions: dict[int, tuple[Standing, ...]],
) -> House:
    rules = rules or HouseRules(anchor_id=anchor_id)
    return House(
        anchor_id=anchor_id,
        version=rules.version,
        slow_seconds=rules.slow_seconds,
        followers_only=rules.followers_only,
        links_blocked=rules.links_blocked,
        words=WordList(rules.words),
        platform=platform,
        roles=roles,
        sanctions=sanctions,
    )


def platform_words() -> WordList:
    """The platform's list, at most PLATFORM_SECONDS old."""
    global _platform
    now = time.monotonic()
    if now - _platform[0] >= PLATFORM_SECONDS:
        _platform = (now, WordList(PlatformWord.objects.values_list("word", flat=True)))
    return _platform[1]


def forget_platform_words() -> None:
    """Read them again at the next occasion: they have just changed."""
    global _platform
    _platform = (-PLATFORM_SECONDS, WordList(()))


def gate(anchor_id: int) -> Gate:
    """This process's gate for the rooms of an anchor; what it has not been given yet is default."""
    with _lock:
        found = _gates.get(anchor_id)
        if found is None:
            if len(_gates) >= GATES_KEPT:
                del _gates[next(iter(_gates))]
            found = _gates[anchor_id] = Gate(House(anchor_id))
        return found


def give(houses: dict[int, House]) -> None:
    """Let the gates judge by these; one that knows better keeps what it has."""
    for anchor_id, house in houses.items():
        found = gate(anchor_id)
        if house.version >= found.house.version:
            found.house = house


def fresh_gate(anchor_id: int) -> Gate:
    """The gate, brought up to date by one query, or four when something changed: for pages."""
    found = gate(anchor_id)
    version = versions([anchor_id]).get(anchor_id, 0)
    if version != found.house.version or platform_words() is not found.house.platform:
        give(load([anchor_id]))
    return found


def forget_all() -> None:
    """For tests: another database, other houses."""
    _gates.clear()
    forget_platform_words()
