"""HTTP API of flash sales and coupons in rooms. Amounts are minor units of `currency`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Path, Router, Schema, Status
from ninja.pagination import CursorPagination, paginate
from pydantic import Field

from accounts.models import User
from core.schemas import Body
from promotion import actions as promotion
from promotion.models import Coupon, CouponClaim, FlashSale
from rooms import actions
from rooms.permissions import room_for
from rooms.views.deals import prices_of
from rooms.views.watching import visible_room

router = Router(tags=["rooms"])

BIG = 2**63 - 1
INT = 2**31 - 1


class FlashPriceIn(Body):
    variant: int = Field(ge=1, le=BIG)
    price_minor: int = Field(ge=1, le=10**12)


class FlashIn(Body):
    """One `price_minor` for all variants, or `prices` for some. Without `starts_at` it begins in
    three seconds. `remorse` false sends its orders to be packed as soon as they are paid."""

    placement: int = Field(ge=1, le=BIG)
    price_minor: int | None = Field(None, ge=1, le=10**12)
    prices: list[FlashPriceIn] = Field(default_factory=list, max_length=200)
    quantity: int = Field(ge=1, le=INT)
    per_buyer: int = Field(1, ge=1, le=INT)
    seconds: int = Field(60, ge=1, le=INT)
    starts_at: datetime | None = None
    remorse: bool = True


class FlashPriceOut(Schema):
    variant: int
    price_minor: int
    was_minor: int
    currency: str

    @staticmethod
    def resolve_variant(price: Any) -> int:
        return int(price.term.listing_variant_id)

    @staticmethod
    def resolve_currency(price: Any) -> str:
        return str(price.term.currency)


class FlashOut(Schema):
    id: int
    placement_id: int
    state: str
    quantity: int
    sold: int
    per_buyer: int
    starts_at: datetime
    ends_at: datetime
    remorse: bool
    prices: list[FlashPriceOut]

    @staticmethod
    def resolve_prices(sale: Any) -> list[Any]:
        return list(sale.prices.select_related("term").order_by("id"))


class CouponIn(Body):
    """A drop of `count` coupons, claimable for `seconds`; a claimed one is good for `valid_minutes`.

    `amount_minor` is taken off, or is the most that `rate_bps` of the goods takes off.
    """

    kind: Literal["fixed", "percent"] = "fixed"
    amount_minor: int = Field(ge=1, le=10**12)
    rate_bps: int = Field(0, ge=0, le=10_000)
    threshold_minor: int = Field(0, ge=0, le=10**12)
    count: int = Field(ge=1, le=INT)
    valid_minutes: int = Field(30, ge=1, le=INT)
    seconds: int = Field(60, ge=1, le=INT)


class CouponTermsOut(Schema):
    id: int
    kind: str
    amount_minor: int
    rate_bps: int
    threshold_minor: int
    currency: str


class CouponOut(CouponTermsOut):
    state: str
    count: int
    claimed: int
    valid_minutes: int
    closes_at: datetime


class ClaimOut(Schema):
    """`order` is the number of the order that used it, or empty."""

    coupon: CouponTermsOut
    room: int
    claimed_at: datetime
    expires_at: datetime
    order: str

    @staticmethod
    def resolve_room(claim: Any) -> int:
        return int(claim.coupon.room_ref)

    @staticmethod
    def resolve_order(claim: Any) -> str:
        return str(claim.order_ref)


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@router.get(
    "/rooms/{slug:slug}/flash-sales",
    response=list[FlashOut],
    summary="Flash sales of my room, the newest first",
)
@paginate(CursorPagination, ordering=("-id",), page_size=20)
def flash_sales(request: HttpRequest, slug: str) -> Any:
    room = room_for(request.user, slug, "flash_sale")
    return FlashSale.objects.filter(placement__room_ref=room.pk)


@router.post(
    "/rooms/{slug:slug}/flash-sales", response={201: FlashOut}, summary="Start a flash sale"
)
def start_flash(request: HttpRequest, slug: str, body: FlashIn) -> Any:
    room = room_for(request.user, slug, "flash_sale")
    prices = {price.variant: price.price_minor for price in body.prices}
    if not prices and body.price_minor is not None:
        prices = prices_of({"price_minor": body.price_minor}, body.placement)
    sale = actions.start_flash(
        room=room,
        placement_id=body.placement,
        prices=prices,
        quantity=body.quantity,
        per_buyer=body.per_buyer,
        seconds=body.seconds,
        starts_at=body.starts_at,
        remorse=body.remorse,
        actor=_me(request),
    )
    return Status(201, sale)


@router.post(
    "/rooms/{slug:slug}/flash-sales/{flash}/abort", response=FlashOut, summary="Abort a flash sale"
)
def abort_flash(
    request: HttpRequest, slug: str, flash: int = Path(..., ge=1, le=BIG)
) -> Any:  # fmt: skip
    room = room_for(request.user, slug, "flash_sale")
    return actions.abort_flash(room=room, flash_id=flash, actor=_me(request))


@router.get(
    "/rooms/{slug:slug}/coupons",
    response=list[CouponOut],
    summary="Coupon drops of my room, the newest first",
)
@paginate(CursorPagination, ordering=("-id",), page_size=20)
def coupons(request: HttpRequest, slug: str) -> Any:
    room = room_for(request.user, slug, "coupon")
    return Coupon.objects.filter(room_ref=room.pk)


@router.post("/rooms/{slug:slug}/coupons", response={201: CouponOut}, summary="Drop a coupon")
def drop_coupon(request: HttpRequest, slug: str, body: CouponIn) -> Any:
    """The anchor pays it out of the commission of the orders that use it."""
    room = room_for(request.user, slug, "coupon")
    return Status(201, actions.drop_coupon(room=room, actor=_me(request), **body.dict()))


@router.post(
    "/rooms/{slug:slug}/coupons/{coupon}/withdraw", response=CouponOut, summary="Withdraw a coupon"
)
def withdraw_coupon(
    request: HttpRequest, slug: str, coupon: int = Path(..., ge=1, le=BIG)
) -> Any:  # fmt: skip
    room = room_for(request.user, slug, "coupon")
    return actions.withdraw_coupon(room=room, coupon_id=coupon, actor=_me(request))


@router.post(
    "/rooms/{slug:slug}/coupons/{coupon}/claim", response=ClaimOut, summary="Claim a coupon"
)
def claim_coupon(
    request: HttpRequest, slug: str, coupon: int = Path(..., ge=1, le=BIG)
) -> CouponClaim:  # fmt: skip
    """One for each viewer; claiming again returns the same one, so it needs no key."""
    room = visible_room(request.user, slug)
    return actions.claim_coupon(room_id=room.pk, coupon_id=coupon, user=_me(request))


@router.get("/coupons", response=list[ClaimOut], summary="Coupons that I can spend")
@paginate(CursorPagination, ordering=("expires_at", "id"), page_size=50)
def my_coupons(request: HttpRequest) -> Any:
    """Those that run out first in front."""
    return promotion.usable_claims(user=_me(request))
