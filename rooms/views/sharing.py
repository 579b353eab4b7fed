"""What is shared of a room: the QR code of its address and the picture of its preview."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from rooms import feed, sharing
from rooms.views.watching import visible_room


@require_safe
def qr_code(request: HttpRequest, slug: str) -> HttpResponse:
    """SVG of the room's address."""
    room = visible_room(request.user, slug)
    return _kept(HttpResponse(sharing.qr_svg(sharing.address(room)), "image/svg+xml"), 86_400)


@require_safe
def preview_picture(request: HttpRequest, slug: str) -> HttpResponse:
    """PNG, 1200 × 630: cover, whether it is live, the price of what is on screen or first."""
    room = visible_room(request.user, slug)
    tile = feed.tile(room)
    shown = tile["pinned"] or next(iter(feed.shelf(room.pk, limit=1)), None)
    facts = sharing.preview(room, tile["cover"], shown and shown["price"])
    return _kept(HttpResponse(sharing.picture(facts), "image/png"), 300)


def _kept(response: HttpResponse, seconds: int) -> HttpResponse:
    # A draft's own anchor sees it too, so nobody between keeps it.
    response["Cache-Control"] = f"private, max-age={seconds}"
    return response


urls = [
    path("rooms/<slug:slug>/qr.svg", qr_code, name="room-qr"),
    path("rooms/<slug:slug>/og.png", preview_picture, name="room-preview"),
]
