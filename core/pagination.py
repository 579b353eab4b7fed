"""Cursor pagination for the API: stable while rows are added, and as quick on page 1000 as on page 1."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from core.errors import Invalid

M = TypeVar("M", bound=Model)
PAGE = 20
MAX_PAGE = 100


def page_of(
    rows: QuerySet[M],
    *,
    cursor: str | None = None,
    limit: int = PAGE,
    shape: Callable[[M], Any] = lambda row: row,
) -> dict[str, Any]:
    """The newest `limit` rows after `cursor`, by descending id: {"items", "next"}.

    `next` is the cursor of the following page, or None on the last one. Raises Invalid for a
    cursor that this function did not make.
    """
    limit = max(1, min(limit, MAX_PAGE))
    rows = rows.order_by("-pk")
    if cursor:
        rows = rows.filter(pk__lt=_read(cursor))
    found = list(rows[: limit + 1])
    last = found[limit - 1].pk if len(found) > limit else None
    return {
        "items": [shape(row) for row in found[:limit]],
        "next": None if last is None else _write(last),
    }


def ranked_page(
    rows: Any,
    *,
    cursor: str | None = None,
    limit: int = PAGE,
    shape: Callable[[Any], Any] = lambda row: row,
    deepest: int = 1_000,
) -> dict[str, Any]:
    """As `page_of` for rows in an order of their own, such as a ranking; the cursor is a position."""
    limit = max(1, min(limit, MAX_PAGE))
    start = min(_read(cursor), deepest) if cursor else 0
    found = list(rows[start : start + limit + 1])
    more = len(found) > limit and start + limit < deepest
    return {
        "items": [shape(row) for row in found[:limit]],
        "next": _write(start + limit) if more else None,
    }


def _write(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode().rstrip("=")


def _read(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        position = int(text)
    except (binascii.Error, ValueError):
        position = -1
    if not 0 <= position < 2**63:
        raise Invalid(_("This cursor is not one of ours; begin without one."), code="bad_cursor")
    return position
