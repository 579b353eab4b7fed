"""Many rows by few statements: what the hot paths write with instead of the ORM."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection


@contextmanager
def together() -> Iterator[psycopg.Cursor[Any]]:
    """A cursor of this thread's connection whose statements travel in one go, parameters apart.

    For statements whose results nobody needs in between. Errors come as Django's, at the latest
    when the block ends.
    """
    connection.ensure_connection()
    raw: Any = connection.connection
    with connection.wrap_database_errors, raw.pipeline(), psycopg.Cursor(raw) as cursor:
        yield cursor


def rows(statement: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    """What one statement with arrays as parameters answers. Errors come as Django's."""
    connection.ensure_connection()
    raw: Any = connection.connection
    with connection.wrap_database_errors, psycopg.Cursor(raw) as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
