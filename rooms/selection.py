"""What an anchor may take into a room, with what it earns."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch

from catalog.models import Listing, ListingVariant
from catalog.search import search
from core.money import share_of
from promotion.models import CommissionPlan
from rooms import cards, wire
from rooms.actions.talk import one_line
from rooms.models import Room, RoomItem
from supply.states import SELLING

PAGE = 24


def selection(*, room: Room, text: str = "", page: int = 1) -> dict[str, Any]:
    """One page of listings on sale: {query, page, next (page number or None), rows}.

    A row is {listing (id), title, supplier, picture, price, commission_bps, earn (money of the
    cheapest variant), left, taken (already in the room)}. Ranked by relevance for `text`, newest
    first without.
    """
    text = one_line(text)[:100]
    found = search(text) if text else Listing.objects.order_by("-published_at", "-pk")
    listings = (
        found.filter(status=Listing.Status.PUBLISHED, supplier__state__in=SELLING)
        .select_related("product", "supplier")
        .prefetch_related(
            "product__pictures",
            Prefetch("items", ListingVariant.objects.select_related("offer__stock")),
        )
    )
    start = (max(1, page) - 1) * PAGE
    window = list(listings[start : start + PAGE + 1])
    rates = _rates([item.offer_id for listing in window for item in listing.items.all()])
    taken = set(
        RoomItem.objects.shown().filter(room=room).values_list("placement__listing_id", flat=True)
    )
    rows = (_row(listing, rates, listing.pk in taken) for listing in window[:PAGE])
    return {
        "query": text,
        "page": max(1, page),
        "next": page + 1 if len(window) > PAGE else None,
        "rows": [row for row in rows if row is not None],
    }


def _rates(offer_ids: list[int]) -> dict[int, int]:
    """Commission in basis points of each offer that has an open plan."""
    plans = CommissionPlan.objects.filter(
        offer__in=offer_ids, kind=CommissionPlan.Kind.OPEN, ended_at__isnull=True
    )
    return dict(plans.values_list("offer_id", "rate_bps"))


def _row(listing: Listing, rates: dict[int, int], taken: bool) -> dict[str, Any] | None:
    items = [item for item in listing.items.all() if item.offer_id in rates]
    if not items:
        return None
    cheapest = min(items, key=lambda item: item.price_minor)
    rate = rates[cheapest.offer_id]
    return {
        "listing": listing.pk,
        "title": listing.product.title,
        "supplier": listing.supplier.name,
        "picture": cards.picture(listing),
        "price": wire.money(cheapest.price_minor, cheapest.currency),
        "commission_bps": rate,
        "earn": wire.money(share_of(cheapest.price_minor, rate), cheapest.currency),
        "left": sum(item.offer.stock.available for item in items if hasattr(item.offer, "stock")),
        "taken": taken,
    }
