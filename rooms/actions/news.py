"""What lower floors announce, as it shows in rooms."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction

from accounts.models import User
from core import clock
from core.actors import SYSTEM
from promotion.models import Placement, PlacementTerm
from rooms import cards, fans, wire
from rooms.actions.goods import pull_locked, wire_form
from rooms.actions.locking import locked, must_be_open
from rooms.actions.shows import end_room
from rooms.board import hang
from rooms.journal import push, record
from rooms.limits import Buckets
from rooms.models import Room, RoomItem
from rooms.snapshot import state_of
from rooms.states import ROOM, ROOM_ITEM, SHELF_KEPT
from streaming import actions as streaming

# Sales named one by one, for each room and second; what goes beyond is told as a sum.
TICKER_OFF = "ticker_off"
TICKER_BURST = 5
TICKER_PER_SECOND = 3.0
_named = Buckets(TICKER_BURST, TICKER_PER_SECOND)


@transaction.atomic
def video_changed(*, stream_key: str) -> None:
    """Picture came, went or ended: bring the room's state and its viewers in step with the stream.

    An interruption starts the grace period; the picture's return ends it. The stream is asked
    after the room's lock is taken, so the order of the announcements does not matter.
    """
    found = Room.objects.filter(stream__key=stream_key).values_list("pk", flat=True).first()
    if found is None:
        return
    room = locked(found)
    assert room.stream is not None
    video = streaming.status(room.stream)
    if video == room.video_state:
        return
    if video == Room.Video.ENDED and room.on_air:
        end_room(room=room, actor=SYSTEM)
        return
    Room.objects.filter(pk=room.pk).update(video_state=video)
    if video == Room.Video.AWAY and room.state == "LIVE":
        ROOM.move(room, "INTERRUPTED", interrupted_at=clock.now())
        record(room, ("room.state", state_of(room)))
    elif video == Room.Video.LIVE and room.state == "INTERRUPTED":
        ROOM.move(room, "LIVE", interrupted_at=None)
        record(room, ("room.state", state_of(room)))
    record(room, ("video", {"state": video}))


def stock_changed(*, offer_id: int) -> None:
    """Show what is left of an offer in every open room that has it.

    The number is read after the room's lock is taken, so of two deliveries the later writes the
    newer one, in whatever order they come.
    """
    terms = PlacementTerm.objects.filter(listing_variant__offer_id=offer_id)
    shown = RoomItem.objects.shown().filter(room__state__in=SHELF_KEPT)
    items = shown.filter(placement__in=terms.values("placement")).order_by("room_id", "id")
    variants = dict(terms.values_list("placement_id", "listing_variant_id"))
    for room_id, item_id, placement_id in items.values_list("room_id", "id", "placement_id"):
        with transaction.atomic():
            _show_stock(locked(room_id), item_id, variants[placement_id], offer_id)


def _show_stock(room: Room, item_id: int, variant_id: int, offer_id: int) -> None:
    item = RoomItem.objects.shown().filter(pk=item_id).first()
    if item is None:
        return
    left = cards.left(offer_id)
    variant = next((v for v in item.card["variants"] if v["id"] == variant_id), None)
    if variant is None or variant["left"] == left:
        return
    variant["left"] = left
    _settle_state(room, item)
    item.save(update_fields=["card"])
    record(
        room,
        (
            "stock",
            {
                "placement": item.placement_id,
                "variant": variant_id,
                "left": left,
                "state": item.state,
            },
        ),
    )


def _settle_state(room: Room, item: RoomItem) -> None:
    """Move between sold out and on sale as the card says; the pin outlasts both."""
    available = any(variant["left"] > 0 for variant in item.card["variants"])
    if not available and item.state != "SOLD_OUT":
        ROOM_ITEM.move(item, "SOLD_OUT")
    elif available and item.state == "SOLD_OUT":
        back = "EXPLAINED" if item.pinned_at else "LISTED"
        ROOM_ITEM.move(item, "PINNED" if room.pinned_id == item.pk else back)


def order_paid(*, order: str, buyer_id: int, lines: Iterable[dict[str, Any]]) -> None:
    """Tell each room that sold something, and the buyer wherever they watch."""
    by_room: dict[int, list[dict[str, Any]]] = {}
    placements = {line["placement_id"]: line for line in lines if line.get("placement_id")}
    rows = Placement.objects.filter(pk__in=placements).order_by("room_ref", "pk")
    for placement_id, room_id in rows.values_list("pk", "room_ref"):
        by_room.setdefault(room_id, []).append(placements[placement_id])
    buyer = User.objects.get(pk=buyer_id)
    for room_id, sold in by_room.items():
        with transaction.atomic():
            _announce(room_id, wire.masked(buyer.name), sold)
        message = wire.encode({"t": "order.paid", "order": order})
        transaction.on_commit(partial(push, room_id, [{"k": "to", "u": buyer_id, "d": message}]))


def reward_buyer(*, buyer_id: int, lines: Iterable[dict[str, Any]]) -> None:
    """A purchase makes its buyer more of a fan of each anchor whose placement sold something."""
    sold = [line["placement_id"] for line in lines if line.get("placement_id")]
    anchors = set(Placement.objects.filter(pk__in=sold).values_list("anchor_id", flat=True))
    fans.add({(anchor, buyer_id): fans.POINTS["order"] for anchor in anchors})


def _announce(room_id: int, name: str, sold: list[dict[str, Any]]) -> None:
    """Name the sale while few are sold; in a rush only count it, without a row or the room's lock."""
    board = Room.objects.on_air().filter(pk=room_id).values_list("board", flat=True).first()
    if board is None or TICKER_OFF in board:
        return
    if _named.take(room_id):
        pieces = sum(line["quantity"] for line in sold)
        transaction.on_commit(partial(push, room_id, [{"k": "bought", "n": pieces}]))
        return
    room = locked(room_id)
    if TICKER_OFF in room.board:
        return
    record(
        room,
        *(
            ("ticker", {"name": name, "title": line["title"], "qty": line["quantity"]})
            for line in sold
        ),
    )


@transaction.atomic
def show_ticker(*, room: Room, on: bool, actor: User) -> None:
    """Whether viewers are told what others buy. Raises Conflict when the show is over."""
    room = locked(room.pk)
    must_be_open(room)
    hang(room, TICKER_OFF, None if on else {})


def item_withdrawn(*, listing_id: int) -> None:
    """A listing that is off sale leaves every open room at once."""
    for room_id, item_id in _open_items(listing_id):
        with transaction.atomic():
            room = locked(room_id)
            item = RoomItem.objects.shown().select_related("placement").filter(pk=item_id).first()
            if item is not None:
                pull_locked(room, item, SYSTEM, why="listing off sale")


def listing_changed(*, listing_id: int) -> None:
    """New title or picture: show it. Price and commission stay as the placement froze them."""
    for room_id, item_id in _open_items(listing_id):
        with transaction.atomic():
            room = locked(room_id)
            item = RoomItem.objects.shown().select_related("placement").filter(pk=item_id).first()
            if item is None:
                continue
            card = cards.build(item.placement)
            if card == item.card:
                continue
            item.card = card
            _settle_state(room, item)
            item.save(update_fields=["card"])
            record(room, ("item.listed", {"item": wire_form(item)}))


def _open_items(listing_id: int) -> list[tuple[int, int]]:
    items = RoomItem.objects.shown().filter(
        placement__listing_id=listing_id, room__state__in=SHELF_KEPT
    )
    return list(items.order_by("room_id", "id").values_list("room_id", "id"))
