"""Which Redis server holds a room, and the clients of those servers.

`ROOM_REDIS_URLS` names the servers; without it the main one holds all rooms. What is stored there
can be rebuilt, so a changed list needs no moving of data: hubs that start with it begin anew.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import redis as redis_errors
from django.conf import settings

from core import redis

# After a failure nobody waits for that server again for this long.
AWAY_SECONDS = 0.5

_away_until: dict[str, float] = {}


def servers() -> tuple[str, ...]:
    """URLs of all servers that hold rooms."""
    return tuple(settings.ROOM_REDIS_URLS) or (settings.REDIS_URL,)


def server_of(room_id: int) -> str:
    """URL of the server that holds the room, the same in every process.

    Rendezvous hashing: an added server takes its share of rooms from all others, and no room moves
    between those that were there before.
    """
    return _server_of(servers(), room_id)


@lru_cache(maxsize=100_000)
def _server_of(urls: tuple[str, ...], room_id: int) -> str:
    return max(urls, key=lambda url: _weight(url, room_id)) if len(urls) > 1 else urls[0]


def _weight(url: str, room_id: int) -> bytes:
    # By place alone: a changed password moves no room.
    parts = urlsplit(url)
    place = f"{parts.hostname}:{parts.port}{parts.path}?{parts.query}|{room_id}"
    return hashlib.blake2b(place.encode(), digest_size=8).digest()


def by_server(room_ids: Iterable[int]) -> dict[str, list[int]]:
    """The rooms of each server that has any of them, in the given order."""
    found: dict[str, list[int]] = {}
    for room_id in room_ids:
        found.setdefault(server_of(room_id), []).append(room_id)
    return found


def execute(room_id: int, fill: Callable[[Any], None]) -> list[Any]:
    """Answers to the commands that `fill` puts into a pipeline on the room's server.

    Raises redis.RedisError when that server is away.
    """
    return _execute(server_of(room_id), fill)


def execute_each(room_ids: Sequence[int], fill: Callable[[Any, int], None]) -> dict[int, list[Any]]:
    """For each room the answers to its commands, in one round trip for each server.

    `fill(pipeline, room_id)` adds the same number of commands for every room. Rooms whose server is
    away are left out.
    """
    answers: dict[int, list[Any]] = {}
    for url, rooms in by_server(room_ids).items():

        def all_of_them(pipeline: Any, rooms: list[int] = rooms) -> None:
            for room_id in rooms:
                fill(pipeline, room_id)

        try:
            found = _execute(url, all_of_them)
        except redis_errors.RedisError:
            continue
        each = len(found) // len(rooms)
        for index, room_id in enumerate(rooms):
            answers[room_id] = found[index * each : (index + 1) * each]
    return answers


def _execute(url: str, fill: Callable[[Any], None]) -> list[Any]:
    if time.monotonic() < _away_until.get(url, 0.0):
        raise redis_errors.ConnectionError("that server was away a moment ago")
    pipeline = redis.client(url).pipeline(transaction=False)
    fill(pipeline)
    try:
        return pipeline.execute()
    except (redis_errors.ConnectionError, redis_errors.TimeoutError):
        _away_until[url] = time.monotonic() + AWAY_SECONDS
        raise
