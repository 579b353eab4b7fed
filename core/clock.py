"""The only sources of time for decisions: this process's clock (tests can move it) or the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

_offset = timedelta(0)


def now() -> datetime:
    """Aware UTC time."""
    return timezone.now() + _offset


def database_now() -> datetime:
    """The database server's transaction time: equal for every statement of one transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        row = cursor.fetchone()
    moment: datetime = row[0]
    return moment + _offset


@contextmanager
def travel(by: timedelta) -> Iterator[None]:
    """Move both clocks forward for the tests of deadlines."""
    global _offset
    previous = _offset
    _offset = previous + by
    try:
        yield
    finally:
        _offset = previous
