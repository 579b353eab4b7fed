"""Flash sales and coupons as they hang on a room's board (docs/realtime.md, section 1a)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core import clock
from promotion.models import Coupon, FlashSale
from rooms import wire

# Up to so many pieces every one is told; above, steps of a hundredth, so that a rush is few events.
TOLD_EXACTLY = 20


def shown_left(left: int, of: int) -> int:
    """What viewers are told is left: never too little, and exact when few are left."""
    step = max(1, of // 100)
    if left <= TOLD_EXACTLY:
        return left
    return min(of, -(-left // step) * step)


def flash_value(room_id: int) -> dict[str, Any] | None:
    """The room's flash sale that runs or comes next; None when there is none."""
    sale = (
        FlashSale.objects.open()
        .filter(placement__room_ref=room_id, ends_at__gt=clock.database_now())
        .order_by("starts_at", "id")
        .first()
    )
    if sale is None:
        return None
    prices = sale.prices.select_related("term").order_by("term__listing_variant")
    return {
        "id": sale.pk,
        "placement": sale.placement_id,
        "variants": [
            {
                "id": price.term.listing_variant_id,
                **wire.money(price.price_minor, price.term.currency),
                "was": wire.money(price.was_minor, price.term.currency)["text"],
            }
            for price in prices
        ],
        "quantity": sale.quantity,
        "left": shown_left(sale.left, sale.quantity),
        "limit": sale.per_buyer,
        "starts_at": wire.millis(sale.starts_at),
        "ends_at": wire.millis(sale.ends_at),
    }


@dataclass(frozen=True, slots=True)
class PriceShown:
    """The lowest price of an item, whether others of its variants cost another one, and the usual
    lowest price while it is undercut; money as on the wire."""

    lowest: dict[str, Any]
    varies: bool
    was: dict[str, Any] | None


def price_shown(item: dict[str, Any], board: dict[str, Any], *, at: int) -> PriceShown:
    """What an item of a snapshot costs at `at` (ms); the same as `shownPrice` in the browser."""
    sale = board.get("flash")
    reduced: dict[int, dict[str, Any]] = {}
    if (
        sale
        and sale["placement"] == item["placement"]
        and sale["left"] > 0
        and sale["starts_at"] <= at < sale["ends_at"]
    ):
        reduced = {price["id"]: price for price in sale["variants"]}
    units = [reduced.get(variant["id"], variant) for variant in item["variants"]]
    usual = item["price"]
    lowest = min(units or [usual], key=lambda price: price["minor"])
    return PriceShown(
        lowest=lowest,
        varies=any(price["minor"] != lowest["minor"] for price in units),
        was=usual if lowest["minor"] < usual["minor"] else None,
    )


def coupon_value(room_id: int) -> dict[str, Any] | None:
    """The coupon that can be claimed in the room now; None when there is none."""
    coupon = Coupon.objects.filter(
        room_ref=room_id, state="OPEN", closes_at__gt=clock.database_now()
    ).first()
    if coupon is None or coupon.left <= 0:
        return None
    return {
        **coupon_form(coupon),
        "count": coupon.count,
        "left": shown_left(coupon.left, coupon.count),
        "closes_at": wire.millis(coupon.closes_at),
    }


def coupon_form(coupon: Coupon) -> dict[str, Any]:
    """The terms of a coupon as everybody may read them. `percent` is null for a fixed amount."""
    return {
        "id": coupon.pk,
        "off": wire.money(coupon.amount_minor, coupon.currency),
        "percent": coupon.rate_bps / 100 if coupon.kind == Coupon.Kind.PERCENT else None,
        "threshold": wire.money(coupon.threshold_minor, coupon.currency)
        if coupon.threshold_minor
        else None,
        "minutes": coupon.valid_minutes,
    }
