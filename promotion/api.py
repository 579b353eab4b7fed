"""HTTP API of promotion: for anchors. Amounts are minor units, rates basis points."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from ninja.pagination import CursorPagination, paginate

from accounts.caller import caller
from catalog.search import search
from core.pagination import RankedPagination
from promotion.models import Commission, Placement
from promotion.selection import described

router = Router(tags=["promotion"])


class SelectableOut(Schema):
    """Pairs are the lowest and the highest over the variants, for one unit."""

    listing_id: int
    slug: str
    title: str
    commission_bps: tuple[int, int]
    earn_minor: tuple[int, int]
    price_minor: tuple[int, int]
    currency: str
    left: int
    placeable: bool
    placed: bool

    @staticmethod
    def resolve_listing_id(row: Any) -> int:
        return row.listing.pk

    @staticmethod
    def resolve_slug(row: Any) -> str:
        return row.listing.slug

    @staticmethod
    def resolve_title(row: Any) -> str:
        return row.listing.product.title


class TermOut(Schema):
    listing_variant_id: int
    price_minor: int
    currency: str
    commission_bps: int


class PlacementOut(Schema):
    id: int
    listing_id: int
    room_ref: int
    created_at: datetime
    expires_at: datetime | None
    pulled_at: datetime | None
    terms: list[TermOut]


class CommissionOut(Schema):
    """`left_minor` is what refunds have not taken back."""

    id: int
    placement_id: int
    rate_bps: int
    amount_minor: int
    reversed_minor: int
    left_minor: int
    currency: str
    state: str
    created_at: datetime


class Selection:
    """Search results that are described only for the page that is shown."""

    def __init__(self, anchor: Any, found: Any) -> None:
        self.anchor = anchor
        self.found = found

    def __getitem__(self, window: slice) -> list[Any]:
        return described(self.anchor, list(self.found[window]))


@router.get("/selection", response=list[SelectableOut], summary="Goods an anchor may show")
@paginate(RankedPagination)
def selection(request: HttpRequest, q: str = Query("", max_length=80)) -> Any:
    return Selection(caller(request), search(q))


@router.get("/placements", response=list[PlacementOut], summary="My goods in rooms, newest first")
@paginate(CursorPagination, ordering=("-id",), page_size=50)
def placements(request: HttpRequest, room: int | None = None) -> Any:
    found = Placement.objects.filter(anchor=caller(request)).prefetch_related("terms")
    return found if room is None else found.filter(room_ref=room)


@router.get("/commissions", response=list[CommissionOut], summary="What I earn, newest first")
@paginate(CursorPagination, ordering=("-id",), page_size=50)
def commissions(request: HttpRequest, state: str = "") -> Any:
    found = Commission.objects.filter(anchor=caller(request))
    return found.filter(state=state) if state else found
