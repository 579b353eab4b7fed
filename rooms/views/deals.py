"""The console's flash sales and coupon drops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from core.errors import Invalid
from promotion import actions as promotion
from promotion.models import Coupon, FlashSale
from rooms import actions, deals, wire
from rooms.models import Room, RoomItem
from rooms.permissions import room_for
from rooms.views.verbs import moment, number, optional, text, verb

SHOWN = 10


@require_safe
@login_required
def overview(request: HttpRequest, slug: str) -> HttpResponse:
    """{goods, sales, coupons} for the forms: what each variant costs, may cost at least and earns,
    and the last ten of each kind."""
    room = room_for(request.user, slug, "flash_sale")
    items = RoomItem.objects.shown().filter(room=room).select_related("placement")
    sales = FlashSale.objects.filter(placement__room_ref=room.pk).prefetch_related("prices")
    coupons = Coupon.objects.filter(room_ref=room.pk)
    return JsonResponse(
        {
            "goods": [_goods(item) for item in items.order_by("position", "number")],
            "sales": [sale_form(sale) for sale in sales.order_by("-id")[:SHOWN]],
            "coupons": [coupon_row(coupon) for coupon in coupons.order_by("-id")[:SHOWN]],
        }
    )


def _goods(item: RoomItem) -> dict[str, Any]:
    return {
        "placement": item.placement_id,
        "number": item.number,
        "title": item.card["title"],
        "variants": [
            {
                "id": term.variant_id,
                "label": term.label,
                "was": wire.money(term.was_minor, term.currency),
                "lowest": None
                if term.lowest_minor is None
                else wire.money(max(1, term.lowest_minor), term.currency),
                "commission_bps": term.commission_bps,
                "available": term.available,
            }
            for term in promotion.flash_terms(item.placement)
        ],
    }


def sale_form(sale: FlashSale) -> dict[str, Any]:
    """A flash sale as its anchor sees it."""
    return {
        "id": sale.pk,
        "placement": sale.placement_id,
        "state": sale.state,
        "quantity": sale.quantity,
        "sold": sale.sold,
        "per_buyer": sale.per_buyer,
        "starts_at": wire.millis(sale.starts_at),
        "ends_at": wire.millis(sale.ends_at),
    }


def coupon_row(coupon: Coupon) -> dict[str, Any]:
    """A coupon drop as its anchor sees it; `spent` counts those used on orders."""
    return {
        **deals.coupon_form(coupon),
        "state": coupon.state,
        "count": coupon.count,
        "claimed": coupon.claimed,
        "spent": coupon.claims.exclude(order_ref="").count(),
        "closes_at": wire.millis(coupon.closes_at),
    }


def prices_of(data: Mapping[str, Any], placement: int) -> dict[int, int]:
    """`prices` {variant: minor units}, or `price_minor` for every variant of the placement."""
    if "prices" in data:
        wanted = data["prices"]
        if not isinstance(wanted, dict):
            raise Invalid(_("`prices` must map variants to prices."), code="bad_prices")
        return {
            number(variant, "prices"): number(minor, "prices") for variant, minor in wanted.items()
        }
    minor = number(data.get("price_minor"), "price_minor")
    item = RoomItem.objects.select_related("placement").filter(placement_id=placement).first()
    if item is None:
        return {}
    return {term.variant_id: minor for term in promotion.flash_terms(item.placement)}


@verb
def start_flash(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    """`placement`, `price_minor` or `prices`, `quantity`, `per_buyer`, `seconds`, and `scheduled_at`
    when it is not to begin in three seconds; `remorse` 0 sends orders to be packed at once."""
    room = room_for(me, slug, "flash_sale")
    placement = number(data.get("placement"), "placement")
    remorse = optional(data, "remorse")
    sale = actions.start_flash(
        room=room,
        placement_id=placement,
        prices=prices_of(data, placement),
        quantity=number(data.get("quantity"), "quantity"),
        per_buyer=number(data.get("per_buyer"), "per_buyer"),
        seconds=number(data.get("seconds"), "seconds"),
        starts_at=moment(data),
        remorse=remorse is None or bool(remorse),
        actor=me,
    )
    return room, {"flash": sale_form(sale)}


@verb
def abort_flash(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    """`flash`: its id."""
    room = room_for(me, slug, "flash_sale")
    sale = actions.abort_flash(room=room, flash_id=number(data.get("flash"), "flash"), actor=me)
    return room, {"flash": sale_form(sale)}


@verb
def drop_coupon(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    """`kind` fixed or percent, `amount_minor` (the cap of a percentage), `rate_bps`,
    `threshold_minor`, `count`, `valid_minutes`, `seconds`."""
    room = room_for(me, slug, "coupon")
    coupon = actions.drop_coupon(
        room=room,
        kind=text(data, "kind"),
        amount_minor=number(data.get("amount_minor"), "amount_minor"),
        rate_bps=optional(data, "rate_bps") or 0,
        threshold_minor=optional(data, "threshold_minor") or 0,
        count=number(data.get("count"), "count"),
        valid_minutes=number(data.get("valid_minutes"), "valid_minutes"),
        seconds=number(data.get("seconds"), "seconds"),
        actor=me,
    )
    return room, {"coupon": coupon_row(coupon)}


@verb
def withdraw_coupon(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    """`coupon`: its id."""
    room = room_for(me, slug, "coupon")
    coupon = actions.withdraw_coupon(
        room=room, coupon_id=number(data.get("coupon"), "coupon"), actor=me
    )
    return room, {"coupon": coupon_row(coupon)}


urls = [
    path("studio/<slug:slug>/deals/", overview, name="studio-deals"),
    path("studio/<slug:slug>/flash/", start_flash, name="studio-flash"),
    path("studio/<slug:slug>/flash/abort/", abort_flash, name="studio-flash-abort"),
    path("studio/<slug:slug>/coupon/", drop_coupon, name="studio-coupon"),
    path("studio/<slug:slug>/coupon/withdraw/", withdraw_coupon, name="studio-coupon-withdraw"),
]
