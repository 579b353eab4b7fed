"""The terms under which something is bought: frozen by a placement, or the listing's own."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Subquery
from django.utils.translation import gettext as _

from catalog.models import Listing, ListingVariant, Picture
from core import clock
from core.errors import Conflict, Invalid, NotFound
from promotion.actions.flash import current_price, flash_gone, price_changed
from promotion.models import FlashPrice, FlashSale, Placement, PlacementTerm
from supply.models import Offer


@dataclass(frozen=True, slots=True)
class BoundTerms:
    """What an order line copies. Amounts are minor units of `currency` for one unit.

    With `flash_id` the price is that of a flash sale, whose pieces are still to be taken
    (`take_flash`); `usual_price_minor` is what it costs otherwise.
    """

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
    usual_price_minor: int = 0
    flash_id: int | None = None

    @property
    def room_ref(self) -> int | None:
        """The room that sells it; None off air."""
        return self.placement.room_ref if self.placement else None


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


def terms_of(
    *,
    placement_id: int,
    variant_id: int,
    quantity: int,
    buyer_id: int | None = None,
    flash_id: int | None = None,
    try_flash: bool = True,
) -> BoundTerms:
    """The frozen terms of a listing's variant in a placement. One query, no lock; a second query
    while the placement has a flash sale.

    The flash price is bound when the database's clock says so and pieces are left for the buyer;
    `try_flash` False does without. `flash_id` insists on that sale's price.

    Raises Invalid for a quantity below one, NotFound for an unknown pair, Conflict(code="closed")
    when it was pulled, is held, has expired, or may not be sold any more; who insists is told SoldOut
    (with `flash`) or Conflict (price_changed).
    """
    _check_quantity(quantity)
    term = (
        PlacementTerm.objects.select_related(
            "placement",
            "listing_variant__variant",
            "listing_variant__offer__supplier",
            "listing_variant__listing__product",
        )
        .annotate(
            picture_key=_PICTURE,
            has_flash=Exists(FlashSale.objects.open().filter(placement=OuterRef("placement"))),
        )
        .filter(placement_id=placement_id, listing_variant_id=variant_id)
        .first()
    )
    if term is None:
        raise NotFound(_("There is no such item in the room."))
    placement, item = term.placement, term.listing_variant
    if placement.pulled_at is not None:
        raise _closed(_("This item has left the room."))
    if placement.held_at is not None:
        raise _closed(
            _(
                "The platform has stopped sales in this room. What you ordered before is not touched."
            )
        )
    if placement.expires_at is not None and placement.expires_at <= clock.now():
        raise _closed(_("This item's time in the room is over."))
    _check_selling(item)
    flash = None
    if term.has_flash and try_flash:
        flash = _flash_price(term, quantity, buyer_id, flash_id)
    elif flash_id is not None:
        raise price_changed(term.price_minor, term.currency)
    remorse = item.listing.remorse_minutes
    return BoundTerms(
        placement=placement,
        listing_variant=item,
        offer_id=item.offer_id,
        supplier_id=item.offer.supplier_id,
        anchor_id=placement.anchor_id,
        unit_price_minor=flash.price_minor if flash else term.price_minor,
        currency=term.currency,
        supply_price_minor=term.supply_price_minor,
        commission_plan_id=term.plan_id,
        commission_bps=term.commission_bps,
        remorse_minutes=remorse if flash is None or flash.sale.remorse else 0,
        title=item.listing.product.title,
        option_label=item.variant.label,
        picture_key=term.picture_key or "",
        usual_price_minor=term.price_minor,
        flash_id=flash.sale_id if flash else None,
    )


def _flash_price(
    term: PlacementTerm, quantity: int, buyer_id: int | None, flash_id: int | None
) -> FlashPrice | None:
    at = clock.database_now()
    if flash_id is None:
        return current_price(term=term, quantity=quantity, buyer_id=buyer_id, at=at)
    price = (
        FlashPrice.objects.select_related("sale")
        .filter(term=term, sale=flash_id, sale__in=FlashSale.objects.current(at))
        .first()
    )
    if price is None:
        raise price_changed(term.price_minor, term.currency)
    if price.sale.left < quantity:
        raise flash_gone(price.sale_id, price.sale.left, term.price_minor, term.currency)
    return price


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
        usual_price_minor=item.price_minor,
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
