"""Best-effort entries on their way into Redis: what gathers while one write runs goes in the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import redis as redis_errors
from redis.asyncio import Redis

from rooms import wire

Entry = dict[Any, Any]

# Entries that may wait for Redis; the oldest beyond it are given up.
MOST_WAITING = 5_000


class Outgoing:
    """Keeps the order of entries; those that Redis does not take go to `on_lost`."""

    def __init__(self, client: Redis, *, on_lost: Callable[[int, Entry], None]) -> None:
        self._redis = client
        self._on_lost = on_lost
        self._waiting: list[tuple[int, Entry, str]] = []
        self._sending: asyncio.Task[None] | None = None

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        return [] if self._sending is None else [self._sending]

    def add(self, room_id: int, entry: Entry, remember: str) -> None:
        """Queue an entry for the room's stream, and `remember` for its chat history."""
        if len(self._waiting) >= MOST_WAITING:
            self._on_lost(*self._waiting.pop(0)[:2])
        self._waiting.append((room_id, entry, remember))
        if self._sending is None:
            self._sending = asyncio.create_task(self._send(), name="room-sender")

    async def _send(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                try:
                    await self._write(batch)
                except (redis_errors.RedisError, OSError):
                    for room_id, entry, _ in batch:
                        self._on_lost(room_id, entry)
        finally:
            self._sending = None

    async def _write(self, batch: list[tuple[int, Entry, str]]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for room_id, entry, remember in batch:
            name = wire.stream_key(room_id)
            pipeline.xadd(name, entry, maxlen=wire.STREAM_LENGTH, approximate=True)
            if remember:
                pipeline.lpush(wire.chat_key(room_id), remember)
        for room_id in {room_id for room_id, _, remember in batch if remember}:
            pipeline.ltrim(wire.chat_key(room_id), 0, wire.CHAT_HISTORY - 1)
            pipeline.expire(wire.chat_key(room_id), wire.STREAM_SECONDS)
        for room_id in {room_id for room_id, _, _ in batch}:
            pipeline.expire(wire.stream_key(room_id), wire.STREAM_SECONDS)
        await pipeline.execute()
