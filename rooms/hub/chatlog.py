"""The chat on its way into PostgreSQL: in batches, behind the conversation and never before it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import DatabaseError, IntegrityError

from rooms.hub import metrics, store
from rooms.models import ChatMessage

log = logging.getLogger(__name__)

WRITE_SECONDS = 0.5
BATCH = 500
MOST_WAITING = 20_000

# One thread of its own, so that a slow database holds up nothing but the log.
_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="room-chatlog")

Written = Callable[[], None]


class ChatLog:
    """Keeps the order; while the database is away it keeps MOST_WAITING lines and gives up the oldest."""

    def __init__(self) -> None:
        self._rows: deque[tuple[ChatMessage, Written | None]] = deque()
        self._removals: deque[tuple[int, dict[str, Any]]] = deque()
        self._writing = asyncio.Lock()

    def add(self, row: ChatMessage, *, written: Written | None = None) -> None:
        """Log a line; `written` is called on the loop once it is in the table."""
        if len(self._rows) >= MOST_WAITING:
            self._rows.popleft()
            metrics.CHAT_UNLOGGED.inc()
        self._rows.append((row, written))

    def removed(self, room_id: int, event: dict[str, Any]) -> None:
        """A `chat.removed` event; a line of ours may have reached the table after the removal."""
        self._removals.append((room_id, event))

    async def run(self) -> None:
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            try:
                await self.flush()
            except Exception:
                log.exception("chat log not written")

    async def flush(self) -> None:
        """Write what waits. Keeps it when the database is away.

        When it returns, what waited has been written, also by a flush that was under way.
        """
        async with self._writing:
            await self._flush()

    async def _flush(self) -> None:
        while self._rows or self._removals:
            batch = [self._rows.popleft() for _ in range(min(BATCH, len(self._rows)))]
            removals, self._removals = list(self._removals), deque()
            try:
                await store.run_in(_thread, _write, [row for row, _ in batch], removals)
            except IntegrityError:
                # An account or a room is gone: one such line must not hold up the others.
                await store.run_in(_thread, _write_each, [row for row, _ in batch])
                self._removals.extendleft(reversed(removals))
            except DatabaseError as error:
                log.warning("chat log waits", extra={"error": repr(error)})
                self._rows.extendleft(reversed(batch))
                self._removals.extendleft(reversed(removals))
                return
            for _, written in batch:
                if written is not None:
                    written()


def _write(rows: list[ChatMessage], removals: list[tuple[int, dict[str, Any]]]) -> None:
    ChatMessage.objects.bulk_create(rows)
    for room_id, event in removals:
        _remove(room_id, event)


def _write_each(rows: list[ChatMessage]) -> None:
    for row in rows:
        try:
            row.pk = None
            row.save(force_insert=True)
        except IntegrityError:
            metrics.CHAT_UNLOGGED.inc()


def _remove(room_id: int, event: dict[str, Any]) -> None:
    # A line that a moderator has brought back since is newer than its removal.
    lines = ChatMessage.objects.filter(
        room=room_id, state=ChatMessage.State.SHOWN, at__lte=event["before"]
    )
    if event.get("ids"):
        lines = lines.filter(line__in=event["ids"])
    elif event.get("user") is not None:
        lines = lines.filter(user=event["user"])
    else:
        return
    lines.update(state=ChatMessage.State.REMOVED)
