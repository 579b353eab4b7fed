"""Rooms as tiles in lists: the API, the feed, anything that shows many rooms at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet

from rooms import cards, presence
from rooms.models import Room, RoomItem


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is the cursor of the following page, or None."""

    tiles: list[dict[str, Any]]
    next: int | None


def on_air(*, before: int = 0, limit: int = 24) -> Page:
    """Rooms on air: those that send a picture, newest first, then those whose camera is off.

    `before` is the cursor of the room after which the page begins.
    """
    rooms = (
        Room.objects.on_air()
        .recommended()
        .annotate(
            picture=ExpressionWrapper(Q(video_state=Room.Video.LIVE), output_field=BooleanField())
        )
    )
    if before:
        pk, picture = divmod(before, 2)
        rest = Q(picture=bool(picture), pk__lt=pk)
        rooms = rooms.filter(rest | Q(picture=False) if picture else rest)
    found = list(_ready(rooms.order_by("-picture", "-pk"))[: limit + 1])
    following = _cursor(found[limit - 1]) if len(found) > limit else None
    return Page(tiles(found[:limit]), following)


def _cursor(room: Room) -> int:
    """A room's place in the ranking as one number."""
    return 2 * room.pk + (room.video_state == Room.Video.LIVE)


def upcoming(limit: int = 8) -> list[dict[str, Any]]:
    """Scheduled shows, the next one first."""
    rooms = Room.objects.filter(state="SCHEDULED").order_by("scheduled_at")
    return tiles(_ready(rooms)[:limit])


def replays(limit: int = 12) -> list[dict[str, Any]]:
    """Finished shows that can be watched again, the latest first."""
    return tiles(
        _ready(Room.objects.recommended().filter(state="REPLAY").order_by("-ended_at"))[:limit]
    )


def shelf(room_id: int, limit: int = 5) -> list[dict[str, Any]]:
    """Cards of what a room shows, what is on screen first."""
    items = RoomItem.objects.shown().filter(room=room_id)
    pinned_first = items.order_by(F("pinned_at").desc(nulls_last=True), "position", "number")
    return [item.card | {"number": item.number} for item in pinned_first[:limit]]


def _ready(rooms: QuerySet[Room]) -> QuerySet[Room]:
    return rooms.select_related("anchor", "pinned")


def tile(room: Room) -> dict[str, Any]:
    return tiles([room])[0]


def tiles(rooms: Iterable[Room]) -> list[dict[str, Any]]:
    """{id, slug, url, title, state, anchor, scheduled_at, started_at, viewers, likes, cover, pinned}
    with the item's card as `pinned`, in two queries and one trip to each Redis for all rooms."""
    rooms = list(rooms)
    first = _first_cards(rooms)
    counts = presence.counts(room.pk for room in rooms)
    return [
        {
            "id": room.pk,
            "slug": room.slug,
            "url": room.get_absolute_url(),
            "title": room.title,
            "state": room.state,
            "anchor": room.anchor,
            "scheduled_at": room.scheduled_at,
            "started_at": room.started_at,
            "viewers": counts[room.pk].watching,
            "likes": max(room.likes, counts[room.pk].likes),
            "cover": _cover(room, first.get(room.pk)),
            "pinned": room.pinned.card if room.pinned else None,
        }
        for room in rooms
    ]


def _first_cards(rooms: Sequence[Room]) -> dict[int, dict[str, Any]]:
    items = (
        RoomItem.objects.shown().filter(room__in=rooms).order_by("room_id", "position", "number")
    )
    return {item.room_id: item.card for item in items.distinct("room_id")}


def _cover(room: Room, card: dict[str, Any] | None) -> dict[str, str] | None:
    if room.cover_key:
        return cards.cover(room.cover_key, room.title)
    shown = room.pinned.card if room.pinned else card
    return shown["picture"] if shown else None
