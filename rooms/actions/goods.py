"""Goods in a room: taken in, put in order, pinned, taken out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import User
from catalog.models import Listing
from core import clock
from core.actors import SYSTEM, Actor, acting
from core.errors import Conflict, Invalid, NotFound
from promotion import actions as promotion
from rooms import asks, cards, wire
from rooms.actions.deals import close_deals
from rooms.actions.locking import locked, must_be_open, put_off, try_locked
from rooms.board import hang
from rooms.journal import record
from rooms.models import Room, RoomItem
from rooms.snapshot import item_of
from rooms.states import ROOM_ITEM
from streaming import actions as streaming

MAX_ITEMS = 200
# A pin with a countdown, in seconds.
SHORTEST_PIN = 10
LONGEST_PIN = 600
PIN_TIMER = "pin_timer"


@transaction.atomic
def add_item(*, room: Room, listing: Listing, actor: User) -> RoomItem:
    """Take a listing into the room; its price and commission are frozen by the placement.

    Raises Conflict when it is there already, the room is full or over, and what `place` refuses.
    """
    room = locked(room.pk)
    must_be_open(room)
    items = RoomItem.objects.filter(room=room)
    if items.shown().filter(placement__listing=listing).exists():
        raise Conflict(_("This item is in the room already."), code="already_listed")
    if items.shown().count() >= MAX_ITEMS:
        raise Conflict(_("A room holds at most 200 items. Remove some first."), code="room_full")
    placement = promotion.place(anchor=room.anchor, listing=listing, room_ref=room.pk)
    last = items.aggregate(number=Max("number"), position=Max("position"))
    card = cards.build(placement)
    item = RoomItem.objects.create(
        room=room,
        placement=placement,
        number=(last["number"] or 0) + 1,
        position=(last["position"] or 0) + 1,
        state="LISTED" if _available(card) else "SOLD_OUT",
        card=card,
    )
    ROOM_ITEM.start(item, actor=acting(actor, "anchor"))
    record(room, ("item.listed", {"item": wire_form(item)}))
    return item


def wire_form(item: RoomItem) -> dict[str, Any]:
    return item_of(item.placement_id, item.number, item.state, item.card)


def _available(card: dict[str, Any]) -> bool:
    return any(variant["left"] > 0 for variant in card["variants"])


@transaction.atomic
def pull_item(*, room: Room, placement_id: int, actor: User) -> None:
    """Take an item out of the room for good. Raises NotFound for one that is not in it."""
    room = locked(room.pk)
    pull_locked(room, item_in(room, placement_id), acting(actor, "anchor"))


def pull_locked(room: Room, item: RoomItem, actor: Actor, why: str = "") -> None:
    """As `pull_item`, for a room whose lock the caller holds."""
    close_deals(room, placement_id=item.placement_id)
    promotion.pull(placement=item.placement, actor=room.anchor)
    if room.pinned_id == item.pk:
        Room.objects.filter(pk=room.pk).update(pinned=None)
        room.pinned = None
        hang(room, PIN_TIMER, None)
    ROOM_ITEM.move(item, "PULLED", actor=actor, why=why)
    record(room, ("item.pulled", {"placement": item.placement_id}))


def item_in(room: Room, placement_id: int) -> RoomItem:
    """The shown item of that placement. Raises NotFound."""
    item = (
        RoomItem.objects.shown()
        .select_related("placement")
        .filter(room=room, placement_id=placement_id)
        .first()
    )
    if item is None:
        raise NotFound(_("This item is not in the room."))
    return item


@transaction.atomic
def sort_items(*, room: Room, order: Sequence[int], actor: User) -> None:
    """Show the items in `order` (placement ids); items not named follow in their old order.

    Raises Invalid when a placement is named twice or is not in the room.
    """
    room = locked(room.pk)
    must_be_open(room)
    items = {item.placement_id: item for item in RoomItem.objects.shown().filter(room=room)}
    if len(set(order)) != len(order) or not set(order) <= items.keys():
        raise Invalid(_("Name each item of the room at most once."), code="bad_order")
    whole = [*order, *(placement for placement in items if placement not in set(order))]
    for position, placement in enumerate(whole, start=1):
        items[placement].position = position
    RoomItem.objects.bulk_update(items.values(), ["position"])
    record(room, ("item.sorted", {"order": whole}))


@transaction.atomic
def pin(*, room: Room, placement_id: int | None, actor: User, seconds: int | None = None) -> None:
    """Show one item above the video, or none; opens a chapter in the recording.

    With `seconds` (10 to 600) it is taken off by itself; pinning the item that is on screen sets its
    countdown anew. Raises NotFound for an item that is not in the room, Conflict when it is sold out,
    Invalid for another number of seconds.
    """
    if seconds is not None and not SHORTEST_PIN <= seconds <= LONGEST_PIN:
        raise Invalid(_("Choose between 10 and 600 seconds."), code="bad_seconds")
    room = locked(room.pk)
    must_be_open(room)
    if placement_id is None:
        unpin(room, acting(actor, "anchor"))
        return
    item = item_in(room, placement_id)
    if room.pinned_id == item.pk:
        _count_down(room, item, seconds)
        return
    if item.state == "SOLD_OUT":
        raise Conflict(_("This item is sold out; choose another."), code="sold_out")
    _explained(room, acting(actor, "anchor"))
    ROOM_ITEM.move(item, "PINNED", actor=acting(actor, "anchor"), pinned_at=clock.now())
    Room.objects.filter(pk=room.pk).update(pinned=item)
    room.pinned = item
    record(room, ("pin", {"placement": placement_id}))
    _count_down(room, item, seconds)
    _mark(room, "pin", item)
    transaction.on_commit(partial(asks.clear, room.pk, placement_id))


def _count_down(room: Room, item: RoomItem, seconds: int | None) -> None:
    """Begin the countdown of the item on screen, or stop it."""
    item.pinned_until = None if seconds is None else clock.now() + timedelta(seconds=seconds)
    RoomItem.objects.filter(pk=item.pk).update(pinned_until=item.pinned_until)
    ROOM_ITEM.renew_deadline(item)
    shown = item.pinned_until and {
        "placement": item.placement_id,
        "ends_at": wire.millis(item.pinned_until),
    }
    hang(room, PIN_TIMER, shown or None)


def unpin(room: Room, actor: Actor = SYSTEM) -> None:
    """Take the pin away, if there is one, from a room whose lock the caller holds."""
    if room.pinned is None:
        return
    item = room.pinned
    _explained(room, actor)
    Room.objects.filter(pk=room.pk).update(pinned=None)
    room.pinned = None
    record(room, ("pin", {"placement": None}))
    hang(room, PIN_TIMER, None)
    _mark(room, "unpin", item)


def _explained(room: Room, actor: Actor) -> None:
    """What was on screen is so no more, and its countdown is over."""
    item = room.pinned
    if item is None:
        return
    if item.state == "PINNED":
        ROOM_ITEM.move(item, "EXPLAINED", actor=actor, pinned_until=None)
    elif item.pinned_until is not None:
        item.pinned_until = None
        RoomItem.objects.filter(pk=item.pk).update(pinned_until=None)
        ROOM_ITEM.renew_deadline(item)


@ROOM_ITEM.on_timeout("PINNED")
@ROOM_ITEM.on_timeout("SOLD_OUT")
def _pin_is_over(item_id: int) -> None:
    room_id = RoomItem.objects.values_list("room_id", flat=True).get(pk=item_id)
    room = try_locked(room_id)
    if room is None:
        put_off(ROOM_ITEM, item_id)
        return
    item = room.pinned
    if item is None or item.pk != item_id or item.pinned_until is None:
        return
    if item.pinned_until <= clock.now():
        unpin(room, Actor("system", None, "countdown"))


def _mark(room: Room, kind: str, item: RoomItem) -> None:
    if room.stream is None:
        return
    streaming.add_marker(
        stream=room.stream,
        kind=kind,
        label=item.card["title"],
        ref=str(item.placement_id),
        payload={"placement": item.placement_id, "number": item.number},
    )
