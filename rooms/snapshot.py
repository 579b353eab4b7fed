"""The whole room as a late joiner is given it, and the fold that keeps such a snapshot true."""

from __future__ import annotations

import copy
import logging
from typing import Any

import redis as redis_errors
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef
from django.db.models.functions import JSONObject
from django.utils.translation import gettext as _

from core import clock
from core.errors import NotFound
from rooms import cards, history, shards, wire
from rooms.models import Room, RoomItem
from streaming import actions as streaming

log = logging.getLogger(__name__)


def snapshot(room_id: int) -> dict[str, Any]:
    """Room, items, pin, chat, counts and video as docs/realtime.md has them. Raises NotFound.

    Room and items are read by one statement, so they belong to the same number `s`.
    """
    items = (
        RoomItem.objects.shown()
        .filter(room=OuterRef("pk"))
        .order_by("position", "number")
        .values(
            row=JSONObject(
                placement=F("placement_id"), number=F("number"), state=F("state"), card=F("card")
            )
        )
    )
    room: Any = (
        Room.objects.select_related("anchor", "stream")
        .annotate(rows=ArraySubquery(items), pinned_placement=F("pinned__placement_id"))
        .filter(pk=room_id)
        .first()
    )
    if room is None:
        raise NotFound(_("There is no such room."))
    viewers, likes, chat = from_redis(room)
    return {
        "s": room.event_seq,
        "now": wire.millis(clock.now()),
        "room": {
            "id": room.pk,
            "slug": room.slug,
            "title": room.title,
            **state_of(room),
            "anchor": {
                "id": room.anchor_id,
                "name": room.anchor.name,
                "username": room.anchor.username,
            },
        },
        "items": [item_of(**row) for row in room.rows],
        "pinned": room.pinned_placement,
        "board": room.board,
        "chat": chat,
        "counts": {"viewers": viewers, "likes": likes},
        "video": {"state": room.video_state, "sources": sources(room), "still": still(room)},
    }


def state_of(room: Room) -> dict[str, Any]:
    """The part of a room that `room.state` events carry."""
    return {
        "state": room.state,
        "scheduled_at": wire.millis(room.scheduled_at),
        "started_at": wire.millis(room.started_at),
        "ended_at": wire.millis(room.ended_at),
    }


def item_of(placement: int, number: int, state: str, card: dict[str, Any]) -> dict[str, Any]:
    """One item on the wire."""
    return {"placement": placement, "number": number, "state": state, **card}


def sources(room: Room) -> list[dict[str, str]]:
    """Signed play-out URLs, fresh on every call; empty before the room has a stream."""
    if room.stream is None or room.stopped or room.video_state == Room.Video.ENDED:
        return []
    return [{"kind": s.kind, "url": s.url} for s in streaming.playback(stream=room.stream)]


def still(room: Room) -> str | None:
    """A signed URL of the newest still picture; None before the room has a stream."""
    if room.stream is None or room.stopped or room.video_state == Room.Video.ENDED:
        return None
    return streaming.still(stream=room.stream)


def from_redis(room: Room) -> tuple[int, int, list[Any]]:
    """(viewers, likes, chat), or what PostgreSQL knows of them while Redis is away."""

    def fill(pipeline: Any) -> None:
        pipeline.mget(wire.watching_key(room.pk), wire.likes_key(room.pk))
        pipeline.lrange(wire.chat_key(room.pk), 0, wire.CHAT_HISTORY - 1)

    try:
        (watching, likes), chat = shards.execute(room.pk, fill)
    except redis_errors.RedisError:
        return 0, room.likes, history.from_log(room.pk)
    lines = history.decoded(chat)
    if not lines and likes is None:
        # Nothing of this room is known there: it is new, or its server has lost its data.
        lines = history.from_log(room.pk)
    return int(watching or 0), max(room.likes, int(likes or 0)), lines


def fold(state: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """`snapshot(s)` and durable event `s + 1` → `snapshot(s + 1)`; others are returned unchanged."""
    if event.get("s") != state["s"] + 1:
        return state
    state = copy.deepcopy(state)
    state["s"] = event["s"]
    apply = _FOLDS.get(event["t"])
    if apply:
        apply(state, event)
    return state


def _room_state(state: dict[str, Any], event: dict[str, Any]) -> None:
    for name in ("state", "scheduled_at", "started_at", "ended_at"):
        state["room"][name] = event[name]


def _item_listed(state: dict[str, Any], event: dict[str, Any]) -> None:
    new = event["item"]
    for index, item in enumerate(state["items"]):
        if item["placement"] == new["placement"]:
            state["items"][index] = new
            return
    state["items"].append(new)


def _item_pulled(state: dict[str, Any], event: dict[str, Any]) -> None:
    gone = event["placement"]
    state["items"] = [item for item in state["items"] if item["placement"] != gone]
    if state["pinned"] == gone:
        state["pinned"] = None


def _item_sorted(state: dict[str, Any], event: dict[str, Any]) -> None:
    rank = {placement: index for index, placement in enumerate(event["order"])}
    state["items"].sort(key=lambda item: rank.get(item["placement"], len(rank)))


def _pin(state: dict[str, Any], event: dict[str, Any]) -> None:
    for item in state["items"]:
        if item["placement"] == event["placement"]:
            if item["state"] != "SOLD_OUT":
                item["state"] = "PINNED"
        elif item["state"] == "PINNED":
            item["state"] = "EXPLAINED"
    state["pinned"] = event["placement"]


def _price(state: dict[str, Any], event: dict[str, Any]) -> None:
    for item, variant in _variants(state, event):
        variant.update({name: event[name] for name in ("minor", "currency", "text")})
        item["price"] = cards.lowest(item["variants"])


def _stock(state: dict[str, Any], event: dict[str, Any]) -> None:
    for item, variant in _variants(state, event):
        variant["left"] = event["left"]
        item["state"] = event["state"]


def _variants(state: dict[str, Any], event: dict[str, Any]) -> list[tuple[Any, Any]]:
    return [
        (item, variant)
        for item in state["items"]
        if item["placement"] == event["placement"]
        for variant in item["variants"]
        if variant["id"] == event["variant"]
    ]


def _video(state: dict[str, Any], event: dict[str, Any]) -> None:
    state["video"]["state"] = event["state"]


def _chat_removed(state: dict[str, Any], event: dict[str, Any]) -> None:
    gone, author = event.get("ids", ()), event.get("user")
    state["chat"] = [
        line for line in state["chat"] if line["id"] not in gone and line["user"]["id"] != author
    ]


def _board(state: dict[str, Any], event: dict[str, Any]) -> None:
    if event["value"] is None:
        state["board"].pop(event["key"], None)
    else:
        state["board"][event["key"]] = event["value"]


_FOLDS = {
    "board": _board,
    "chat.removed": _chat_removed,
    "room.state": _room_state,
    "item.listed": _item_listed,
    "item.pulled": _item_pulled,
    "item.sorted": _item_sorted,
    "pin": _pin,
    "price": _price,
    "stock": _stock,
    "video": _video,
}
