"""The room and its replay, complete in the first HTML."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Follow
from core import clock
from core.errors import Forbidden, NotFound
from promotion.models import CouponClaim
from rooms import cards
from rooms.models import Reminder, Room, RoomItem, Sanction
from rooms.moderation.gate import banned
from rooms.permissions import VIEWER, role_in
from rooms.sharing import address
from rooms.snapshot import snapshot
from rooms.states import PUBLIC
from streaming import actions as streaming
from streaming.models import Marker


def visible_room(user: Any, slug: str) -> Room:
    """A public room, or a draft of one's own or of an anchor one helps.

    Raises NotFound, Forbidden(banned) for somebody who is banned from the anchor's rooms.
    """
    room = Room.objects.select_related("anchor", "stream").filter(slug=slug).first()
    if room is not None and user.is_authenticated:
        ban = Sanction.objects.standing().filter(anchor=room.anchor_id, user=user, kind="ban")
        if ban.exists():
            raise banned()
    if room is None or not (room.state in PUBLIC or _prepares(user, room)):
        raise NotFound(_("There is no such room."))
    return room


def _prepares(user: Any, room: Room) -> bool:
    return (
        room.state != "ARCHIVED"
        and user.is_authenticated
        and role_in(room.anchor_id, user.pk) != VIEWER
    )


@require_safe
def room_page(request: HttpRequest, slug: str) -> HttpResponse:
    """rooms/room.html: `room`, `snapshot` (docs/realtime.md, given as json_script "room-snapshot"),
    `cover` ({src, srcset, alt} or None), `following` (bool), `is_anchor` (bool), `reminded` (bool),
    `address` (of this page, from outside), `claimed` (ids of the coupons that one took here),
    `has_coupon` (whether one of them can still be spent).

    Reads well without JavaScript: `snapshot.items` and `snapshot.chat` are rendered by the template.
    """
    try:
        room = visible_room(request.user, slug)
    except Forbidden:
        return redirect("sanctions")
    state = snapshot(room.pk)
    response = render(
        request,
        "rooms/room.html",
        {
            "room": room,
            "snapshot": state,
            "cover": cover(room, state["items"]),
            "following": _follows(request.user, room),
            "is_anchor": room.anchor_id == request.user.pk,
            "reminded": _reminded(request.user, room),
            "address": address(room),
            **_coupons(request.user, room),
        },
    )
    # Signed play-out addresses and the viewer's name are in the page.
    response["Cache-Control"] = "private, no-store"
    return response


def cover(room: Room, items: list[dict[str, Any]]) -> dict[str, str] | None:
    """The room's own picture, else that of the pinned or first item."""
    if room.cover_key:
        return cards.cover(room.cover_key, room.title)
    first = sorted(items, key=lambda item: item["state"] != "PINNED")[:1]
    return first[0]["picture"] if first else None


def _coupons(user: Any, room: Room) -> dict[str, Any]:
    if not user.is_authenticated:
        return {"claimed": [], "has_coupon": False}
    claims = CouponClaim.objects.filter(user=user, coupon__room_ref=room.pk)
    rows = list(claims.values_list("coupon_id", "order_ref", "expires_at"))
    return {
        "claimed": [coupon for coupon, _order, _end in rows],
        "has_coupon": any(not order and end > clock.now() for _coupon, order, end in rows),
    }


def _reminded(user: Any, room: Room) -> bool:
    if room.state != "SCHEDULED" or not user.is_authenticated:
        return False
    return Reminder.objects.for_actor(user).filter(room=room).exists()


def _follows(user: Any, room: Room) -> bool:
    if not user.is_authenticated:
        return False
    return Follow.objects.filter(follower=user, anchor=room.anchor_id).exists()


@require_safe
def replay_page(request: HttpRequest, slug: str) -> HttpResponse:
    """rooms/replay.html: `room`, `snapshot`, `cover`, `address`, `recording` ({url, chapters_url,
    download_url} or None while it is being written or nothing was on air), `chapters`: in order of
    time {offset_ms, end_ms|None, placement, number, title, picture, price, variants, listing_url,
    on_sale} with today's price and stock, `shelf`: the same for items that were never pinned, without
    times.

    `offset_ms` counts from the first picture; `recording.chapters_url` has the exact places of the
    same markers (by `ref` = placement) where the show was interrupted.
    """
    room = visible_room(request.user, slug)
    if room.open or room.stopped:
        return redirect("room", slug=slug)
    state = snapshot(room.pk)
    items = {
        item.placement_id: item
        for item in RoomItem.objects.filter(room=room).select_related("placement__listing")
    }
    chapters = [
        {"offset_ms": start, "end_ms": end, **_today(items[placement])}
        for placement, start, end in _chapters(room)
        if placement in items
    ]
    named = {chapter["placement"] for chapter in chapters}
    shelf = [
        _today(i) for i in items.values() if i.placement_id not in named and i.state != "PULLED"
    ]
    return render(
        request,
        "rooms/replay.html",
        {
            "room": room,
            "snapshot": state,
            "cover": cover(room, state["items"]),
            "recording": _recording(room),
            "address": address(room),
            "chapters": chapters,
            "shelf": shelf,
        },
    )


def _recording(room: Room) -> dict[str, str | None] | None:
    found = streaming.recording(stream=room.stream) if room.stream else None
    if found is None:
        return None
    return {
        "url": found.source.url,
        "chapters_url": found.chapters_url,
        "download_url": found.download_url,
    }


def _chapters(room: Room) -> list[tuple[int, int, int | None]]:
    """(placement, start, end) of each pin in milliseconds of the recording."""
    stream = room.stream
    if stream is None or stream.started_at is None:
        return []
    markers = list(Marker.objects.filter(stream=stream, kind__in=["pin", "unpin"]))
    chapters: list[tuple[int, int, int | None]] = []
    for marker, following in zip(markers, [*markers[1:], None], strict=True):
        if marker.kind == "pin":
            end = _offset(stream.started_at, following.at) if following else None
            chapters.append((int(marker.ref), _offset(stream.started_at, marker.at), end))
    return chapters


def _offset(start: datetime, at: datetime) -> int:
    return max(0, round(1000 * (at - start).total_seconds()))


def _today(item: RoomItem) -> dict[str, Any]:
    """An item as it can be bought now, after the show."""
    listing = item.placement.listing
    card = cards.build(item.placement)
    return {
        "placement": item.placement_id,
        "number": item.number,
        **card,
        "listing_url": reverse("goods:detail", args=[listing.slug]),
        "on_sale": listing.status == listing.Status.PUBLISHED
        and item.placement.pulled_at is None
        and any(variant["left"] > 0 for variant in card["variants"]),
    }
