"""What a purchase costs now: terms, flash prices and the coupon, before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import clock
from core.errors import Conflict, Invalid
from orders.actions.books import most_discount, shares_of
from orders.models import OrderLine
from promotion.actions import (
    BoundTerms,
    Discount,
    Goods,
    best_discount,
    direct_terms,
    terms_of,
)

MOST_LINES = 20
MOST_OF_A_LINE = 99


@dataclass(frozen=True, slots=True)
class Wanted:
    """One wish: a variant of a placement in a room, or a listing's variant off air.

    `flash_id` insists on the price of that flash sale: it is that price, or a refusal.
    """

    quantity: int = 1
    placement_id: int | None = None
    variant_id: int | None = None
    listing_variant_id: int | None = None
    flash_id: int | None = None


@dataclass(frozen=True, slots=True)
class Priced:
    """What wishes cost under the terms of now. `lines` are not saved, and belong to no order yet."""

    lines: list[OrderLine]
    terms: list[BoundTerms]
    currency: str
    discount: Discount | None

    @property
    def goods_minor(self) -> int:
        return sum(item.goods_minor for item in self.lines)

    @property
    def total_minor(self) -> int:
        return sum(item.total_minor for item in self.lines)


def priced(
    *, buyer: Any, wishes: Sequence[Wanted], coupon_id: int | None = None, try_flash: bool = True
) -> Priced:
    """Bind terms and the coupon to wishes. Reads only, so it serves for showing a price as well.

    Raises as `place_order` for what cannot be bought; stock is not asked.
    """
    terms = [_terms(wish, buyer.pk, try_flash) for wish in wishes]
    currency = _one_currency(terms)
    lines = [line_of(wish, bound) for wish, bound in zip(wishes, terms, strict=True)]
    for item in lines:
        if shares_of(item).platform < 0:
            raise Conflict(_("%s cannot be sold at its present price.") % item.title, code="closed")
    discount = best_discount(
        user=buyer,
        goods=[
            Goods(bound.room_ref, item.goods_minor, most_discount(item))
            for item, bound in zip(lines, terms, strict=True)
        ],
        currency=currency,
        coupon_id=coupon_id,
    )
    for item, part in zip(lines, discount.parts if discount else (), strict=False):
        item.discount_minor = part
    return Priced(lines, terms, currency, discount)


def _terms(wish: Wanted, buyer_id: int, try_flash: bool) -> BoundTerms:
    if wish.placement_id is not None and wish.variant_id is not None:
        return terms_of(
            placement_id=wish.placement_id,
            variant_id=wish.variant_id,
            quantity=wish.quantity,
            buyer_id=buyer_id,
            flash_id=wish.flash_id,
            try_flash=try_flash or wish.flash_id is not None,
        )
    return direct_terms(listing_variant_id=wish.listing_variant_id or 0, quantity=wish.quantity)


def _one_currency(bound: list[BoundTerms]) -> str:
    currencies = {terms.currency for terms in bound}
    if len(currencies) > 1:
        raise Invalid(_("Buy goods of different currencies separately."), code="currency")
    return currencies.pop()


def line_of(wish: Wanted, terms: BoundTerms) -> OrderLine:
    """The line of a wish under terms; not saved, and of no order yet."""
    return OrderLine(
        listing_variant=terms.listing_variant,
        offer_id=terms.offer_id,
        supplier_id=terms.supplier_id,
        placement=terms.placement,
        anchor_id=terms.anchor_id,
        title=terms.title,
        option_label=terms.option_label,
        picture_key=terms.picture_key,
        quantity=wish.quantity,
        unit_price_minor=terms.unit_price_minor,
        flash_id=terms.flash_id,
        supply_price_minor=terms.supply_price_minor,
        commission_plan_id=terms.commission_plan_id,
        commission_bps=terms.commission_bps,
        platform_fee_bps=settings.PLATFORM_FEE_BPS,
        on_air_at=clock.now() if terms.placement else None,
    )


def remorse_minutes(terms: BoundTerms) -> int:
    """How long a paid line can be cancelled without a reason."""
    if terms.remorse_minutes is not None:
        return terms.remorse_minutes
    period: timedelta = settings.REMORSE_PERIOD
    return int(period.total_seconds() // 60)


def checked(lines: Sequence[Wanted]) -> list[Wanted]:
    """The wishes of one order. Raises Invalid (empty, limit, variant_required)."""
    if not lines:
        raise Invalid(_("Choose something to buy."), code="empty")
    if len(lines) > MOST_LINES:
        raise Invalid(
            ngettext(
                "At most %d item fits in one order.",
                "At most %d items fit in one order.",
                MOST_LINES,
            )
            % MOST_LINES,
            code="limit",
        )
    for wish in lines:
        if not 1 <= wish.quantity <= MOST_OF_A_LINE:
            raise Invalid(_("Choose a quantity from 1 to %d.") % MOST_OF_A_LINE, code="limit")
        if wish.listing_variant_id is None and (
            wish.placement_id is None or wish.variant_id is None
        ):
            raise Invalid(_("Choose a variant."), code="variant_required")
    return list(lines)
