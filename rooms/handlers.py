"""What rooms do when lower floors announce something."""

from __future__ import annotations

from catalog.events import ListingChanged, ListingUnlisted
from core.events import handles
from orders.events import OrderPaid
from rooms import actions
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


@handles(ListingChanged)
def listing_edited(event: ListingChanged) -> None:
    actions.listing_changed(listing_id=event.listing_id)


@handles(ListingUnlisted)
def listing_gone(event: ListingUnlisted) -> None:
    actions.item_withdrawn(listing_id=event.listing_id)
