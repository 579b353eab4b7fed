"""The terms under which something is bought: frozen by a placement, or the listing's own."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from catalog.models import Listing, ListingVariant, Picture
from core import clock
from core.errors import Conflict, Invalid, NotFound
from promotion.models import Placement, PlacementTerm
from supply.models import Offer


@dataclass(frozen=True, slots=True)
class BoundTerms:
    """What an order line copies. Amounts are minor units of `currency` for one unit."""

    placement: Placement | None
    listing_variant: ListingVariant
    offer_id: int
    supplier_id: int
    anchor_id: int | None
    unit_price_minor: int
    currency: str
    supply_price_minor: int
    commission_plan_id: int | None
    commission_bps: int
    remorse_minutes: int | None
    title: str
    option_label: str
    picture_key: str


_PICTURE = Subquery(
    Picture.objects.filter(product=OuterRef("listing_variant__listing__product"))
    .order_by("position", "id")
    .values("key")[:1]
)
_OWN_PICTURE = Subquery(
    Picture.objects.filter(product=OuterRef("listing__product"))
    .order_by("position", "id")
    .values("key")[:1]
)


def terms_of(*, placement_id: int, variant_id: int, quantity: int) -> BoundTerms:
    """The frozen terms of a listing's variant in a placement. One query, no lock.

    Raises Invalid for a quantity below one, NotFound for an unknown pair, Conflict(code="closed")
    when it was pulled, has expired, or may not be sold any more.
    """
    _check_quantity(quantity)
    term = (
        PlacementTerm.objects.select_related(
            "placement",
            "listing_variant__variant",
            "listing_variant__offer__supplier",
            "listing_variant__listing__product",
        )
        .annotate(picture_key=_PICTURE)
        .filter(placement_id=placement_id, listing_variant_id=variant_id)
        .first()
    )
    if term is None:
        raise NotFound(_("There is no such item in the room."))
    placement, item = term.placement, term.listing_variant
    if placement.pulled_at is not None:
        raise _closed(_("This item has left the room."))
    if placement.expires_at is not None and placement.expires_at <= clock.now():
        raise _closed(_("This item's time in the room is over."))
    _check_selling(item)
    return BoundTerms(
        placement=placement,
        listing_variant=item,
        offer_id=item.offer_id,
        supplier_id=item.offer.supplier_id,
        anchor_id=placement.anchor_id,
        unit_price_minor=term.price_minor,
        currency=term.currency,
        supply_price_minor=term.supply_price_minor,
        commission_plan_id=term.plan_id,
        commission_bps=term.commission_bps,
        remorse_minutes=item.listing.remorse_minutes,
        title=item.listing.product.title,
        option_label=item.variant.label,
        picture_key=term.picture_key or "",
    )


def direct_terms(*, listing_variant_id: int, quantity: int) -> BoundTerms:
    """The listing's own terms for a purchase off air: no anchor, no commission. No lock.

    Raises Invalid, NotFound, Conflict(code="closed") as `terms_of`.
    """
    _check_quantity(quantity)
    item = (
        ListingVariant.objects.select_related("variant", "offer__supplier", "listing__product")
        .annotate(picture_key=_OWN_PICTURE)
        .filter(pk=listing_variant_id)
        .first()
    )
    if item is None:
        raise NotFound(_("There is no such variant."))
    _check_selling(item)
    return BoundTerms(
        placement=None,
        listing_variant=item,
        offer_id=item.offer_id,
        supplier_id=item.offer.supplier_id,
        anchor_id=None,
        unit_price_minor=item.price_minor,
        currency=item.currency,
        supply_price_minor=item.offer.supply_price_minor,
        commission_plan_id=None,
        commission_bps=0,
        remorse_minutes=item.listing.remorse_minutes,
        title=item.listing.product.title,
        option_label=item.variant.label,
        picture_key=item.picture_key or "",
    )


def _check_quantity(quantity: int) -> None:
    if quantity < 1:
        raise Invalid(_("The quantity must be at least one."), code="bad_quantity")


def _check_selling(item: ListingVariant) -> None:
    if (
        item.listing.status != Listing.Status.PUBLISHED
        or item.offer.status != Offer.Status.ACTIVE
        or not item.offer.supplier.may_sell
    ):
        raise _closed(_("These goods are no longer on sale."))


def _closed(detail: str) -> Conflict:
    return Conflict(detail, code="closed")
