"""Cursor pagination for the API where rows come in a ranking of their own, such as search results.

Lists by id use Ninja's `CursorPagination`; both answer {"previous", "next", "results"}, where the
first two are addresses or None. Here the cursor is a position, because a rank is no stable key.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Schema
from ninja.pagination import PaginationBase

from core.errors import Invalid


class RankedPagination(PaginationBase):
    """Pages of a ranked queryset (or of anything that can be sliced), up to `deepest` rows in."""

    items_attribute = "results"

    class Input(Schema):
        page_size: int | None = None
        cursor: str | None = None

    class Output(Schema):
        previous: str | None
        next: str | None
        results: list[Any]

    def __init__(
        self, *, page_size: int = 20, max_page_size: int = 100, deepest: int = 1_000, **kwargs: Any
    ) -> None:
        self.page_size = page_size
        self.max_page_size = max_page_size
        self.deepest = deepest
        super().__init__(**kwargs)

    def paginate_queryset(
        self, queryset: Any, pagination: Any, request: HttpRequest, **params: Any
    ) -> dict[str, Any]:
        """Raises Invalid for a cursor that this class did not make."""
        size = min(self.max_page_size, max(1, pagination.page_size or self.page_size))
        start = _position(pagination.cursor) if pagination.cursor else 0
        found = list(queryset[start : start + size + 1]) if start < self.deepest else []
        more = len(found) > size and start + size < self.deepest
        return {
            "previous": _address(request, max(0, start - size)) if start else None,
            "next": _address(request, start + size) if more else None,
            "results": found[:size],
        }


def _address(request: HttpRequest, position: int) -> str:
    query = request.GET.copy()
    query["cursor"] = base64.urlsafe_b64encode(str(position).encode()).decode().rstrip("=")
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def _position(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        position = int(text)
    except (binascii.Error, ValueError):
        position = -1
    if not 0 <= position < 2**31:
        raise Invalid(_("This cursor is not one of ours; begin without one."), code="bad_cursor")
    return position
