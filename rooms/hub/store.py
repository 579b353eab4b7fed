"""What a hub asks PostgreSQL, run in threads of its own so that no page waits for it or it for a page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from django.db import connection
from django.db.models import F
from django.db.models.functions import Greatest

from rooms import journal
from rooms.models import Room
from rooms.states import PUBLIC

P = ParamSpec("P")
T = TypeVar("T")

# More missed events than this are cheaper as a snapshot.
CATCH_UP = 500

_threads = ThreadPoolExecutor(max_workers=3, thread_name_prefix="room-db")


async def ask(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function that uses the database; its connection goes back to the pool afterwards."""
    return await run_in(_threads, work, *args, **kwargs)


async def run_in(
    threads: ThreadPoolExecutor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    def job() -> T:
        try:
            return work(*args, **kwargs)
        finally:
            connection.close()

    return await asyncio.get_running_loop().run_in_executor(threads, job)


@dataclass(frozen=True, slots=True)
class RoomFacts:
    head: int
    state: str
    anchor_id: int
    likes: int
    peak: int


def facts(room_id: int) -> RoomFacts | None:
    """What a channel starts with; None for a room that the public may not see."""
    row = (
        Room.objects.filter(pk=room_id, state__in=PUBLIC | {"DRAFT"})
        .values_list("event_seq", "state", "anchor_id", "likes", "peak_viewers")
        .first()
    )
    return None if row is None else RoomFacts(*row)


def heads(room_ids: Iterable[int]) -> dict[int, int]:
    """Last event number of each room, in one query."""
    return dict(Room.objects.filter(pk__in=list(room_ids)).values_list("pk", "event_seq"))


def missed(room_id: int, seq: int) -> list[tuple[int, str]] | None:
    """Events after `seq`; None when there are more than CATCH_UP."""
    found = journal.since(room_id, seq, CATCH_UP + 1)
    return None if len(found) > CATCH_UP else found


def after(room_id: int, seq: int) -> list[tuple[int, str]]:
    """All events after `seq` that a hub lacks, at most ten thousand."""
    return journal.since(room_id, seq, 10_000)


def save_sums(changes: list[tuple[int, int, int]]) -> None:
    """Add (room id, likes, peak viewers) to the rooms, one short statement each, in ascending id."""
    for room_id, likes, peak in sorted(changes):
        values: dict[str, Any] = {"peak_viewers": Greatest(F("peak_viewers"), peak)}
        if likes:
            values["likes"] = F("likes") + likes
        Room.objects.filter(pk=room_id).update(**values)
