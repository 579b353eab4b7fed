"""The outbox: what one floor announces and other floors act on, at least once and applied once.

An event is a frozen dataclass with a `topic`. `publish()` writes it in the caller's transaction;
the relay delivers it to every handler registered by `@handles(EventClass)`, each in a transaction
of its own together with the proof that it ran.
"""

from __future__ import annotations

import dataclasses
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

import psycopg
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from core import metrics
from core.models import HandledEvent, OutboxEvent

log = logging.getLogger(__name__)

CHANNEL = "liveshop_outbox"
RETRY_CEILING = timedelta(minutes=10)


@dataclasses.dataclass(frozen=True)
class Event:
    """Base of all announcements. Fields must survive JSON: numbers, strings, lists, dicts, None."""

    topic: ClassVar[str]


E = TypeVar("E", bound=Event)
Handler = Callable[[Any], None]

_classes: dict[str, type[Event]] = {}
_handlers: dict[str, list[tuple[str, Handler]]] = defaultdict(list)


def handles(event_class: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Register a handler. Its dotted path is its identity: renaming it re-delivers nothing."""

    def register(handler: Callable[[E], None]) -> Callable[[E], None]:
        _classes[event_class.topic] = event_class
        _handlers[event_class.topic].append((f"{handler.__module__}.{handler.__name__}", handler))
        return handler

    return register


def publish(event: Event) -> None:
    """Write the announcement in the current transaction and wake the relay when it commits."""
    publish_many([event])


def publish_many(events: list[Event]) -> None:
    """As `publish`, in one INSERT. Raises TransactionManagementError outside a transaction."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("publish() needs a transaction")
    if not events:
        return
    OutboxEvent.objects.bulk_create(
        OutboxEvent(topic=event.topic, payload=dataclasses.asdict(event)) for event in events
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def publish_payloads(
    cursor: psycopg.Cursor[Any], event_class: type[Event], payloads: Sequence[str]
) -> None:
    """As `publish_many`, for events of one class that are JSON already; `cursor` is in a transaction."""
    cursor.execute(
        "INSERT INTO core_outboxevent (topic, payload, attempts, last_error)"
        " SELECT %s, one::jsonb, 0, '' FROM unnest(%s::text[]) AS one",
        [event_class.topic, payloads],
    )
    cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def deliver_due(limit: int = 100) -> int:
    """Deliver up to `limit` waiting events; returns how many were taken up.

    Safe in any number of processes: rows are claimed with SKIP LOCKED. A handler that fails is
    retried with doubling delay and never blocks the events behind it.
    """
    taken = 0
    while taken < limit and _deliver_next():
        taken += 1
    return taken


def _deliver_next() -> bool:
    with transaction.atomic():
        row = (
            OutboxEvent.objects.select_for_update(skip_locked=True)
            .filter(delivered_at__isnull=True, next_attempt_at__lte=Now())
            .order_by("id")
            .first()
        )
        if row is None:
            return False
        failures = [error for name, fn in _handlers[row.topic] if (error := _apply(row, name, fn))]
        if failures:
            delay = min(timedelta(milliseconds=200 * 2 ** min(row.attempts, 12)), RETRY_CEILING)
            OutboxEvent.objects.filter(pk=row.pk).update(
                attempts=F("attempts") + 1,
                next_attempt_at=Now() + delay,
                last_error="\n".join(failures)[:4000],
            )
        else:
            OutboxEvent.objects.filter(pk=row.pk).update(delivered_at=Now())
    if failures:
        metrics.FAILED.labels(row.topic).inc(len(failures))
    else:
        metrics.DELIVERED.inc()
    return True


def _apply(row: OutboxEvent, name: str, handler: Handler) -> str | None:
    if HandledEvent.objects.filter(handler=name, event=row).exists():
        return None
    try:
        with transaction.atomic():
            HandledEvent.objects.create(handler=name, event=row)
            handler(_classes[row.topic](**row.payload))
    except Exception as error:
        log.exception("handler failed", extra={"handler": name, "event_id": row.pk})
        return f"{name}: {error!r}"
    return None
