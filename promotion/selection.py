"""The selection centre: what an anchor may take into a room, and what it would earn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from catalog.models import Category, Listing, ListingVariant
from catalog.search import search
from core.money import share_of
from promotion.models import CommissionPlan, Placement
from promotion.pricing import lowest_price


@dataclass(frozen=True)
class Selectable:
    """Amounts are minor units of `currency` for one unit, as low to high over the variants.

    `placeable` is False when a variant's price would not cover the platform's fee: `place` would
    refuse it. `placed` says that the anchor has it in a room already.
    """

    listing: Listing
    commission_bps: tuple[int, int]
    earn_minor: tuple[int, int]
    price_minor: tuple[int, int]
    currency: str
    left: int
    placeable: bool
    placed: bool


def selectable(
    anchor: Any,
    text: str | None = None,
    *,
    category: Category | None = None,
    start: int = 0,
    limit: int = 24,
) -> list[Selectable]:
    """Listings on sale from position `start`, best match first, or the newest without `text`."""
    found = search(text or "", category=category)
    return described(anchor, list(found[start : start + limit]))


def described(anchor: Any, listings: list[Listing]) -> list[Selectable]:
    """What each of these listings would earn `anchor`, in two queries for all of them."""
    offers = [item.offer_id for listing in listings for item in listing.selling_items]
    plans = CommissionPlan.objects.filter(
        offer__in=offers, kind=CommissionPlan.Kind.OPEN, ended_at__isnull=True
    )
    rates = dict(plans.values_list("offer_id", "rate_bps"))
    placed = set(
        Placement.objects.filter(
            anchor=anchor, listing__in=listings, pulled_at__isnull=True
        ).values_list("listing_id", flat=True)
    )
    return [_described(listing, rates, listing.pk in placed) for listing in listings]


def _described(listing: Listing, rates: dict[int, int], placed: bool) -> Selectable:
    items = listing.selling_items
    bps = [rates.get(item.offer_id, item.offer.commission_bps) for item in items]
    earn = [share_of(item.price_minor, rate) for item, rate in zip(items, bps, strict=True)]
    return Selectable(
        listing=listing,
        commission_bps=(min(bps), max(bps)),
        earn_minor=(min(earn), max(earn)),
        price_minor=listing.price_range,
        currency=listing.currency,
        left=listing.left,
        placeable=all(_covered(item, rate) for item, rate in zip(items, bps, strict=True)),
        placed=placed,
    )


def _covered(item: ListingVariant, rate_bps: int) -> bool:
    needed = lowest_price(supply_price_minor=item.offer.supply_price_minor, commission_bps=rate_bps)
    return needed is not None and item.price_minor >= needed
