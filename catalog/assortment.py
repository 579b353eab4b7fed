"""A product with all its SKUs, as a supplier edits it: one form, one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from catalog.actions import draft_listing, list_offer
from catalog.models import Category, Listing
from core.errors import DomainError, Invalid
from supply import actions as supply
from supply.models import Offer, Supplier


@dataclass(frozen=True, slots=True)
class Wording:
    """What all SKUs of a product share; `commission_bps` in basis points."""

    product_code: str
    title: str
    brand: str
    description: str
    category: Category
    currency: str
    commission_bps: int
    dispatch_hours: int


@dataclass(frozen=True, slots=True)
class Sku:
    """One row of the form; prices in minor units. `offer` is None for a new one."""

    offer: Offer | None
    sku: str
    option_values: dict[str, str]
    supply_price_minor: int
    price_minor: int
    on_hand: int
    offered: bool = True


class RowRefused(Invalid):
    """A rule is broken in row `row` (from 0)."""

    def __init__(self, row: int, reason: DomainError) -> None:
        super().__init__(reason.detail, code=reason.code, **reason.extra)
        self.row = row


def siblings(offer: Offer) -> list[Offer]:
    """All SKUs of the offer's product, in the order they were made."""
    found = Offer.objects.filter(
        supplier=offer.supplier_id, product_code=offer.product_code
    ).select_related("stock", "supplier", "listing_variant__listing__product")
    return list(found.order_by("id"))


@transaction.atomic
def save_product(
    *, supplier: Supplier, actor: Any, wording: Wording, skus: Sequence[Sku], publish: bool
) -> Listing:
    """Create and change the SKUs of one product; all of it or nothing.

    `publish` puts the offered SKUs on sale. On a product that is on sale already they go on sale
    in any case. A SKU that is not `offered` any more is withdrawn. Raises Invalid without SKUs,
    RowRefused for what is wrong in one.
    """
    if not skus:
        raise Invalid(_("Add at least one SKU with a price."), code="no_sku")
    listing: Listing | None = None
    # First the ones that leave, so that their options are free for the ones that come.
    for row, item in sorted(enumerate(skus), key=lambda pair: pair[1].offered):
        try:
            with transaction.atomic():
                offer = _save_sku(supplier, actor, wording, item)
                listing = draft_listing(
                    offer=offer, category=wording.category, price_minor=item.price_minor
                )
                on_sale = publish or listing.status == Listing.Status.PUBLISHED
                if item.offered and on_sale:
                    listing = list_offer(offer=offer, actor=actor)
                elif not item.offered and offer.status == Offer.Status.ACTIVE:
                    supply.withdraw_offer(offer=offer, actor=actor)
        except DomainError as error:
            raise RowRefused(row, error) from error
    assert listing is not None
    return listing


def _save_sku(supplier: Supplier, actor: Any, wording: Wording, item: Sku) -> Offer:
    shared: dict[str, Any] = {
        "sku": item.sku,
        "title": wording.title,
        "brand": wording.brand,
        "description": wording.description,
        "option_values": item.option_values,
        "supply_price_minor": item.supply_price_minor,
        "suggested_price_minor": item.price_minor,
        "commission_bps": wording.commission_bps,
        "dispatch_hours": wording.dispatch_hours,
    }
    if item.offer is None:
        return supply.create_offer(
            supplier=supplier,
            actor=actor,
            product_code=wording.product_code,
            currency=wording.currency,
            on_hand=item.on_hand,
            **shared,
        )
    offer = supply.update_offer(offer=item.offer, actor=actor, **shared)
    supply.set_stock(offer=offer, on_hand=item.on_hand, actor=actor, why="counted")
    return offer
