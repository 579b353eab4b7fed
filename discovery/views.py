"""The front page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.models import Listing
from catalog.search import search
from rooms import cards, feed, wire
from rooms.actions.talk import one_line
from rooms.models import Room, RoomItem

GOODS = 12
RESULTS = 48


@require_safe
def feed_page(request: HttpRequest) -> HttpResponse:
    """discovery/feed.html. `live`, `upcoming`, `replays`: lists of tiles (`rooms.feed.tiles`);
    `goods`: {url, title, picture, price, sold_out, on_air}; `more`: URL of the next page of live
    rooms or ""; `query`: with it only `goods` is filled. htmx with `?before=` gets the partial `rooms`.
    """
    query = one_line(request.GET.get("q", ""))[:80]
    if query:
        return render(
            request,
            "discovery/feed.html",
            {"query": query, "goods": _goods(query, RESULTS)},
        )
    before = request.GET.get("before", "")
    page = feed.on_air(before=int(before) if before.isascii() and before.isdigit() else 0)
    more = f"/?before={page.next}" if page.next else ""
    if before:
        return render(request, "discovery/feed.html#rooms", {"live": page.tiles, "more": more})
    return render(
        request,
        "discovery/feed.html",
        {
            "query": "",
            "live": page.tiles,
            "more": more,
            "shelf": feed.shelf(page.tiles[0]["id"]) if len(page.tiles) == 1 else [],
            "upcoming": feed.upcoming(),
            "replays": feed.replays(),
            "goods": _goods("", GOODS),
        },
    )


def _goods(query: str, limit: int) -> list[dict[str, Any]]:
    """What is on sale; one that is shown on air right now leads into its room."""
    found = list(search(query)[:limit])
    rooms_on_air = Room.objects.on_air().recommended()
    shown = RoomItem.objects.shown().filter(placement__listing__in=found, room__in=rooms_on_air)
    rooms = dict(shown.values_list("placement__listing_id", "room__slug"))
    return [_good(listing, rooms.get(listing.pk)) for listing in found]


def _good(listing: Listing, room: str | None) -> dict[str, Any]:
    return {
        "url": reverse("room", args=[room]) if room else listing.get_absolute_url(),
        "title": listing.product.title,
        "picture": cards.picture(listing),
        "price": wire.money(listing.price_range[0], listing.currency),
        "sold_out": listing.is_sold_out,
        "on_air": room is not None,
    }
