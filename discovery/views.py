"""The front page."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.models import Listing, ListingVariant
from catalog.search import search
from rooms import cards, feed, wire
from rooms.actions.talk import one_line
from rooms.models import RoomItem
from rooms.states import ON_AIR
from supply.states import SELLING

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
            {"query": query, "goods": _goods(search(query), RESULTS)},
        )
    before = request.GET.get("before", "")
    page = feed.on_air(before=int(before) if before.isascii() and before.isdigit() else 0)
    more = f"/?before={page.next}" if page.next else ""
    if before:
        return render(request, "discovery/feed.html#rooms", {"live": page.tiles, "more": more})
    newest = Listing.objects.order_by("-published_at", "-pk")
    return render(
        request,
        "discovery/feed.html",
        {
            "query": "",
            "live": page.tiles,
            "more": more,
            "upcoming": feed.upcoming(),
            "replays": feed.replays(),
            "goods": _goods(newest, GOODS),
        },
    )


def _goods(listings: Any, limit: int) -> list[dict[str, Any]]:
    """Listings on sale; one that is shown on air right now leads into its room."""
    found = list(
        listings.prefetch_related(None)
        .filter(status=Listing.Status.PUBLISHED, supplier__state__in=SELLING)
        .select_related("product")
        .prefetch_related(
            "product__pictures",
            Prefetch("items", ListingVariant.objects.select_related("offer__stock")),
        )[:limit]
    )
    shown = RoomItem.objects.shown().filter(placement__listing__in=found, room__state__in=ON_AIR)
    rooms = dict(shown.values_list("placement__listing_id", "room__slug"))
    return [_good(listing, rooms.get(listing.pk)) for listing in found if listing.items.all()]


def _good(listing: Listing, room: str | None) -> dict[str, Any]:
    items = list(listing.items.all())
    cheapest = min(items, key=lambda item: item.price_minor)
    left = sum(item.offer.stock.available for item in items if hasattr(item.offer, "stock"))
    return {
        "url": reverse("room", args=[room])
        if room
        else reverse("goods:detail", args=[listing.slug]),
        "title": listing.product.title,
        "picture": cards.picture(listing),
        "price": wire.money(cheapest.price_minor, cheapest.currency),
        "sold_out": left == 0,
        "on_air": room is not None,
    }
