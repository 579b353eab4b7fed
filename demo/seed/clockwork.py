"""Living through the past: lives that take their steps in order, at the moments they happened."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from celery import current_app
from django.db import connection, transaction
from django.utils import timezone

from core import clock, deadlines, events
from orders import actions as orders
from orders.payments.sandbox import sender

# A life does something, says when it goes on, and is asked again at that moment.
Life = Generator[datetime, None, None]

HOUSEKEEPING = timedelta(hours=6)


class Timeline:
    """Runs many lives in the order of time, with every clock set to the moment of each step."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, int, Life]] = []
        self._order = itertools.count()

    def begin(self, at: datetime, life: Life) -> None:
        heapq.heappush(self._waiting, (at, next(self._order), life))

    def run(self, until: datetime) -> int:
        """Live up to `until`; what lies behind it is left undone. Returns the number of steps."""
        steps = 0
        kept_house = datetime.min.replace(tzinfo=until.tzinfo)
        while self._waiting and self._waiting[0][0] <= until:
            at, _, life = heapq.heappop(self._waiting)
            with moment(at):
                if at - kept_house > HOUSEKEEPING:
                    deadlines.fire_due()
                    kept_house = at
                again = next(life, None)
                settle()
            steps += 1
            if again is not None:
                self.begin(max(again, at), life)
        return steps


def settle() -> None:
    """Let everything happen that the last step caused: webhooks, events, and what they cause.

    Asks what waits first: most steps cause little, and an empty round of each costs six statements.
    """
    while any(waiting := _waiting()):
        announcements, webhooks = waiting
        if webhooks:
            sender.send_due(webhooks)
        if announcements:
            events.deliver_due(announcements)


def _waiting() -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM core_outboxevent"
            "   WHERE delivered_at IS NULL AND next_attempt_at <= now()),"
            " (SELECT count(*) FROM orders_sandboxwebhook WHERE sent_at IS NULL AND due_at <= %s)",
            [clock.now()],
        )
        announcements, webhooks = cursor.fetchone()
    return announcements, webhooks


@contextmanager
def moment(at: datetime) -> Iterator[None]:
    """Set this process's clock and the database's column defaults to `at`."""
    away = at - timezone.now()
    with clock.travel(away):
        _database_offset(away)
        yield


@contextmanager
def backdating() -> Iterator[None]:
    """Make column defaults of “now” follow `moment()`, for this connection alone.

    Waiting for the disk at each commit is left out, and no worker is woken: what they would do is
    done here by `settle()`.
    """
    eager = current_app.conf.task_always_eager
    post = sender.post
    current_app.conf.task_always_eager = True
    sender.post = deliver_webhook
    columns = _follow()
    try:
        yield
    finally:
        sender.post = post
        current_app.conf.task_always_eager = eager
        _unfollow(columns)


def deliver_webhook(path: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The webhook endpoint without the network: the same signature check and the same inbox."""
    orders.take_webhook(code="sandbox", headers=headers, body=body)
    return 204


_FUNCTION = """
CREATE OR REPLACE FUNCTION demo_now() RETURNS timestamptz LANGUAGE sql STABLE AS
$$ SELECT statement_timestamp()
        + coalesce(nullif(current_setting('liveshop.demo_offset', true), ''), '0')::interval $$
"""
_NOW = "statement_timestamp()"


def _follow() -> list[tuple[str, str]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FUNCTION)
        columns = _columns([_NOW, "demo_now()"])
        _set_default(columns, "demo_now()")
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")
    return columns


def _unfollow(columns: list[tuple[str, str]]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        _set_default(columns, _NOW)
        cursor.execute("DROP FUNCTION IF EXISTS demo_now()")
    _database_offset(timedelta(0))
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO DEFAULT")


def _columns(defaults: list[str]) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND lower(column_default) = ANY(%s)"
            " ORDER BY table_name, column_name",
            [defaults],
        )
        return [(table, column) for table, column in cursor.fetchall()]


def _set_default(columns: list[tuple[str, str]], expression: str) -> None:
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for table, column in columns:
            cursor.execute(
                f"ALTER TABLE {quote(table)} ALTER COLUMN {quote(column)} SET DEFAULT {expression}"
            )


def _database_offset(away: timedelta) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('liveshop.demo_offset', %s, false)",
            [f"{away.total_seconds():.3f} seconds"],
        )
