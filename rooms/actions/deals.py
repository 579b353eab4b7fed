"""Flash sales and coupon drops in a room: promotion decides, the room shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core import clock
from core.actors import SYSTEM, Actor, acting
from core.errors import Conflict, NotFound
from promotion import actions as promotion
from promotion.models import Coupon, CouponClaim, FlashSale
from rooms import deals
from rooms.actions.locking import locked, must_be_open
from rooms.board import hang
from rooms.models import Room, RoomItem

FLASH_KEY = "flash"
COUPON_KEY = "coupon"


def _helper(room: Room, user: User) -> Actor:
    return acting(user, "anchor" if user.pk == room.anchor_id else "assistant")


@transaction.atomic
def start_flash(
    *,
    room: Room,
    placement_id: int,
    prices: Mapping[int, int],
    quantity: int,
    per_buyer: int,
    seconds: int,
    actor: User,
    starts_at: datetime | None = None,
    remorse: bool = True,
) -> FlashSale:
    """Announce a flash sale to the room, to begin in three seconds or at `starts_at`.

    Raises what `promotion.open_flash` refuses, NotFound for an item that is not in the room,
    Conflict while the show is not on air (off_air, without a time), is over, or another sale of
    the room is on at the same time (flash_open). Locks the room.
    """
    room = locked(room.pk)
    must_be_open(room)
    if starts_at is None and not room.on_air:
        raise Conflict(_("Go live first, or choose a time."), code="off_air")
    item = RoomItem.objects.shown().select_related("placement").filter(
        room=room, placement_id=placement_id
    )  # fmt: skip
    if (shown := item.first()) is None:
        raise NotFound(_("This item is not in the room."))
    sale = promotion.open_flash(
        placement=shown.placement,
        prices=prices,
        quantity=quantity,
        per_buyer=per_buyer,
        seconds=seconds,
        starts_at=starts_at,
        remorse=remorse,
        actor=_helper(room, actor),
    )
    others = _open_sales(room).exclude(pk=sale.pk)
    if others.filter(starts_at__lt=sale.ends_at, ends_at__gt=sale.starts_at).exists():
        raise Conflict(
            _("Another flash sale of this room is on at that time. Choose a time after it."),
            code="flash_open",
        )
    hang(room, FLASH_KEY, deals.flash_value(room.pk))
    return sale


@transaction.atomic
def abort_flash(*, room: Room, flash_id: int, actor: User) -> FlashSale:
    """Stop a flash sale of the room at once. Raises NotFound, IllegalMove when it is over."""
    room = locked(room.pk)
    sale = FlashSale.objects.filter(pk=flash_id, placement__room_ref=room.pk).first()
    if sale is None:
        raise NotFound(_("There is no such flash sale."))
    sale = promotion.abort_flash(sale=sale, actor=_helper(room, actor))
    hang(room, FLASH_KEY, deals.flash_value(room.pk))
    return sale


def _open_sales(room: Room) -> Any:
    return FlashSale.objects.open().filter(
        placement__room_ref=room.pk, ends_at__gt=clock.database_now()
    )


def close_deals(room: Room, *, placement_id: int | None = None) -> None:
    """The item left, or (without one) the show is over: its flash sales and coupons end.

    For a room whose lock the caller holds.
    """
    sales = FlashSale.objects.open().filter(placement__room_ref=room.pk)
    if placement_id is not None:
        sales = sales.filter(placement=placement_id)
    for sale in sales.order_by("pk"):
        promotion.abort_flash(sale=sale, actor=SYSTEM)
    hang(room, FLASH_KEY, deals.flash_value(room.pk))
    if placement_id is None:
        for coupon in Coupon.objects.filter(room_ref=room.pk, state="OPEN"):
            promotion.withdraw_coupon(coupon=coupon, actor=SYSTEM)
        hang(room, COUPON_KEY, None)


@transaction.atomic
def flash_moved(*, flash_id: int) -> None:
    """Pieces were taken or given back, or the clock moved a sale: show what is true now.

    The sale is read after the room's lock is taken, so of two deliveries the later writes the
    newer number; a rush of orders that one delivery has seen already changes nothing.
    """
    found = FlashSale.objects.filter(pk=flash_id).values_list("placement__room_ref", flat=True)
    room = locked(found.get())
    promotion.settle_flash(flash_id=flash_id)
    hang(room, FLASH_KEY, deals.flash_value(room.pk))


@transaction.atomic
def drop_coupon(
    *,
    room: Room,
    kind: str,
    amount_minor: int,
    count: int,
    valid_minutes: int,
    seconds: int,
    actor: User,
    rate_bps: int = 0,
    threshold_minor: int = 0,
) -> Coupon:
    """Drop a coupon into a room on air, at the cost of its anchor.

    Raises what `promotion.drop_coupon` refuses, Conflict while the show is not on air. Locks the room.
    """
    room = locked(room.pk)
    must_be_open(room)
    if not room.on_air:
        raise Conflict(_("Go live first."), code="off_air")
    coupon = promotion.drop_coupon(
        anchor=room.anchor,
        room_ref=room.pk,
        kind=kind,
        amount_minor=amount_minor,
        rate_bps=rate_bps,
        threshold_minor=threshold_minor,
        count=count,
        valid_minutes=valid_minutes,
        seconds=seconds,
        actor=_helper(room, actor),
    )
    hang(room, COUPON_KEY, deals.coupon_value(room.pk))
    return coupon


@transaction.atomic
def withdraw_coupon(*, room: Room, coupon_id: int, actor: User) -> Coupon:
    """Let nobody claim any more. Raises NotFound, IllegalMove when it is over. Locks the room."""
    room = locked(room.pk)
    coupon = Coupon.objects.filter(pk=coupon_id, room_ref=room.pk).first()
    if coupon is None:
        raise NotFound(_("There is no such coupon."))
    coupon = promotion.withdraw_coupon(coupon=coupon, actor=_helper(room, actor))
    hang(room, COUPON_KEY, None)
    return coupon


def claim_coupon(*, room_id: int, coupon_id: int, user: User) -> CouponClaim:
    """One piece of the room's coupon for this viewer; again the same piece.

    The room is locked only when what viewers see has to change. Raises as `promotion.claim_coupon`.
    """
    if not Coupon.objects.filter(pk=coupon_id, room_ref=room_id).exists():
        raise NotFound(_("There is no such coupon."))
    claim = promotion.claim_coupon(coupon_id=coupon_id, user=user)
    board = Room.objects.values_list("board", flat=True).get(pk=room_id)
    if board.get(COUPON_KEY) != deals.coupon_value(room_id):
        coupon_moved(coupon_id=coupon_id, room_id=room_id)
    return claim


@transaction.atomic
def coupon_moved(*, coupon_id: int, room_id: int) -> None:
    """Pieces were claimed, or the clock ended a drop: show what is true now. Locks the room."""
    room = locked(room_id)
    promotion.settle_coupon(coupon_id=coupon_id)
    hang(room, COUPON_KEY, deals.coupon_value(room_id))
