"""Numbers for machines."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Router, Schema

from insights.numbers import room_numbers
from rooms.models import Room

router = Router(tags=["insights"])


class AmountOut(Schema):
    minor: int
    currency: str
    text: str


class SalesOut(Schema):
    """`kept` is what refunds have not taken back."""

    currency: str
    orders: int
    buyers: int
    pieces: int
    gmv: AmountOut
    refunded: AmountOut
    kept: AmountOut


class ItemOut(Schema):
    number: int
    placement: int
    title: str
    state: str
    sold: int
    left: int
    sales: list[SalesOut]


class NumbersOut(Schema):
    """`conversion_bps`: buyers for each viewer of the fullest moment, null before anybody came."""

    viewers: int
    peak_viewers: int
    likes: int
    orders: int
    buyers: int
    pieces: int
    conversion_bps: int | None
    sales: list[SalesOut]
    items: list[ItemOut]


@router.get(
    "/rooms/{slug}/numbers",
    response=NumbersOut,
    summary="Live numbers of my room",
    operation_id="room_numbers",
)
def numbers(request: HttpRequest, slug: str) -> Any:
    """For the anchor of the room; anybody else is told that there is no such room."""
    found = room_numbers(Room.objects.fetch(request.user, slug=slug))
    locale = get_language() or "en"
    return {
        "viewers": found.viewers,
        "peak_viewers": found.peak_viewers,
        "likes": found.likes,
        "orders": found.orders,
        "buyers": found.buyers,
        "pieces": found.pieces,
        "conversion_bps": found.conversion_bps,
        "sales": [part.wire(locale) for part in found.sales],
        "items": [
            {
                "number": item.number,
                "placement": item.placement,
                "title": item.title,
                "state": item.state,
                "sold": item.sold,
                "left": item.left,
                "sales": [part.wire(locale) for part in item.sales],
            }
            for item in found.items
        ],
    }
