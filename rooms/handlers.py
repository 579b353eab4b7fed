"""What rooms do when lower floors announce something."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from accounts.events import AccessChanged
from catalog.events import ListingChanged, ListingUnlisted
from core import clock
from core.events import handles
from orders.events import OrderLineCancelled, OrderPaid, OrderPlaced
from promotion.events import CouponMoved, FlashSaleMoved
from rooms import actions, notices
from rooms.models import Room
from streaming.events import StreamEnded, StreamInterrupted, StreamResumed, StreamStarted
from supply.events import StockChanged


@handles(StreamStarted)
def picture_came(event: StreamStarted) -> None:
    actions.video_changed(stream_key=event.stream_key)


@handles(StreamInterrupted)
def picture_went(event: StreamInterrupted) -> None:
    actions.video_changed(stream_key=event.stream_key)


@handles(StreamResumed)
def picture_returned(event: StreamResumed) -> None:
    actions.video_changed(stream_key=event.stream_key)


@handles(StreamEnded)
def picture_ended(event: StreamEnded) -> None:
    actions.video_changed(stream_key=event.stream_key)
    room = Room.objects.filter(stream__key=event.stream_key, state="ENDED").first()
    if room is not None:
        actions.open_replay(room=room)


@handles(StockChanged)
def stock_moved(event: StockChanged) -> None:
    actions.stock_changed(offer_id=event.offer_id)


@handles(OrderPaid)
def sold(event: OrderPaid) -> None:
    actions.order_paid(order=event.order, buyer_id=event.buyer_id, lines=event.lines)


@handles(OrderPaid)
def fan_bought(event: OrderPaid) -> None:
    actions.reward_buyer(buyer_id=event.buyer_id, lines=event.lines)


@handles(OrderPlaced)
def pieces_taken(event: OrderPlaced) -> None:
    for flash_id in sorted({line["flash_id"] for line in event.lines if line.get("flash_id")}):
        actions.flash_moved(flash_id=flash_id)


@handles(OrderLineCancelled)
def pieces_given_back(event: OrderLineCancelled) -> None:
    if event.flash_id is not None:
        actions.flash_moved(flash_id=event.flash_id)


@handles(FlashSaleMoved)
def flash_sale_moved(event: FlashSaleMoved) -> None:
    actions.flash_moved(flash_id=event.flash_id)


@handles(CouponMoved)
def coupon_moved(event: CouponMoved) -> None:
    actions.coupon_moved(coupon_id=event.coupon_id, room_id=event.room_ref)


@handles(ListingChanged)
def listing_edited(event: ListingChanged) -> None:
    actions.listing_changed(listing_id=event.listing_id)


@handles(ListingUnlisted)
def listing_gone(event: ListingUnlisted) -> None:
    actions.item_withdrawn(listing_id=event.listing_id)


@handles(AccessChanged)
def access_changed(event: AccessChanged) -> None:
    notices.signed_out(user_id=event.user_id)


@receiver(post_delete, sender=Session)
def session_ended(instance: Session, **_: Any) -> None:
    """Signed out, or an administrator ended the session: its sockets close at once."""
    owner = str(instance.get_decoded().get("_auth_user_id", ""))
    if owner.isdigit() and instance.expire_date > clock.now():
        told = partial(notices.signed_out, user_id=int(owner), session_key=instance.session_key)
        transaction.on_commit(told)
