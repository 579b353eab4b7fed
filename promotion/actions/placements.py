"""Placements: a listing enters a room, and its terms are frozen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from catalog.models import Listing
from core import clock
from core.errors import Conflict, Invalid
from promotion.actions.plans import plan_for
from promotion.models import Placement, PlacementTerm
from promotion.pricing import guard
from supply.models import Offer


@transaction.atomic
def place(
    *, anchor: Any, listing: Listing, room_ref: int, expires_at: datetime | None = None
) -> Placement:
    """Take a listing into a room; price, supply price and commission of each variant are frozen.

    Raises Conflict when the listing is not on sale or is in the room already, Invalid when a
    price would leave the house less than its fee (`needed_minor` says what would do).
    """
    if not Listing.objects.on_sale().filter(pk=listing.pk).exists():
        raise Conflict(_("These goods are not on sale now; choose others."), code="closed")
    if expires_at is not None and expires_at <= clock.now():
        raise Invalid(_("The end must be in the future."), code="bad_expiry")
    now = clock.now()
    Placement.objects.filter(
        Q(expires_at__lte=now), room_ref=room_ref, listing=listing, pulled_at__isnull=True
    ).update(pulled_at=now)
    try:
        with transaction.atomic():
            placement = Placement.objects.create(
                anchor=anchor, listing=listing, room_ref=room_ref, expires_at=expires_at
            )
    except IntegrityError as error:
        raise Conflict(_("These goods are in the room already."), code="already_listed") from error
    items = listing.items.select_related("offer", "variant").filter(
        offer__status=Offer.Status.ACTIVE
    )
    PlacementTerm.objects.bulk_create(_frozen(placement, item) for item in items.order_by("pk"))
    return placement


def _frozen(placement: Placement, item: Any) -> PlacementTerm:
    plan = plan_for(item.offer)
    guard(
        title=f"{item.offer.title} {item.variant.label}".strip(),
        price_minor=item.price_minor,
        supply_price_minor=item.offer.supply_price_minor,
        commission_bps=plan.rate_bps,
        currency=item.currency,
    )
    return PlacementTerm(
        placement=placement,
        listing_variant=item,
        plan=plan,
        price_minor=item.price_minor,
        supply_price_minor=item.offer.supply_price_minor,
        currency=item.currency,
        commission_bps=plan.rate_bps,
    )


@transaction.atomic
def pull(*, placement: Placement, actor: Any = None) -> Placement:
    """Take it out of the room for good; a second call changes nothing."""
    now = clock.now()
    Placement.objects.filter(pk=placement.pk, pulled_at__isnull=True).update(pulled_at=now)
    placement.refresh_from_db(fields=["pulled_at"])
    return placement


@transaction.atomic
def hold_sales(*, room_ref: int) -> None:
    """Sell nothing more from the room's placements; orders that exist go on. Idempotent."""
    rows = Placement.objects.filter(room_ref=room_ref, pulled_at__isnull=True)
    rows.filter(held_at__isnull=True).update(held_at=clock.now())


@transaction.atomic
def release_sales(*, room_ref: int) -> None:
    """Sell on from the room's placements. Idempotent."""
    Placement.objects.filter(room_ref=room_ref, held_at__isnull=False).update(held_at=None)
