"""Past shows and the orders of two months, each lived through by the actions that people use."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import User
from catalog.models import Listing, ListingVariant
from core.actors import acting
from core.models import IdempotencyRecord
from demo.seed.clockwork import Life, Timeline, backdating
from demo.seed.goods import believable_stock
from demo.seed.lives import Purchase, order_life
from demo.seed.rooms import begins_at, cover_of, open_room
from demo.stock.people import BUYERS, SHOWS, ShowData
from orders.actions import Wanted
from rooms import actions as rooms
from rooms.models import Room, RoomItem

KEY = "demo-history:"
LEAD = timedelta(hours=3)


def seed_history(*, shows: int, orders: int, days: int) -> None:
    """Up to `shows` past shows and `orders` orders over `days`; an interrupted run is filled up."""
    written = IdempotencyRecord.objects.filter(key__startswith=KEY).count()
    source = random.Random(f"history {written}")
    now = timezone.now()
    timeline = Timeline()
    past = [
        show for show in SHOWS if show.when is not None and show.when < 0 and -show.when < days * 24
    ][:shows]
    fresh = [show for show in past if not Room.objects.filter(slug=show.slug).exists()]
    for show in fresh:
        begins = begins_at(show, now)
        timeline.begin(begins - LEAD, _show_life(show, begins))
    count = max(0, orders - written)
    for number, (at, on_air) in enumerate(_moments(source, now, past, count, days)):
        timeline.begin(at, _order(source, f"{KEY}{written + number}", on_air))
    with backdating():
        timeline.run(until=now)
    _past_crowds(source, past)
    believable_stock()


def _moments(
    source: random.Random, now: datetime, past: list[ShowData], count: int, days: int
) -> Iterator[tuple[datetime, ShowData | None]]:
    """When orders are placed: two thirds during shows, the others on any day."""
    for _ in range(count):
        if past and source.random() < 0.66:
            show = source.choice(past)
            begins = begins_at(show, now)
            yield begins + timedelta(minutes=source.uniform(4, show.minutes - 2)), show
        else:
            # One in five in the last day, so that there is something to pack and to wait for.
            span = 0.9 if source.random() < 0.2 else days
            yield now - timedelta(days=span * source.random(), minutes=5), None


def _order(source: random.Random, key: str, show: ShowData | None) -> Life:
    """Choose buyer and goods at the moment of the purchase, when the shelf is known."""
    username = "viewer" if source.random() < 0.04 else source.choice(BUYERS)[0]
    wishes = _from_shelf(source, show) if show else []
    if not wishes:
        wishes = _off_air(source)
    purchase = Purchase(
        buyer=User.objects.get(username=username),
        wishes=wishes,
        key=key,
        on_air=bool(wishes[0].placement_id),
    )
    yield from order_life(source, purchase)


def _from_shelf(source: random.Random, show: ShowData) -> list[Wanted]:
    items = list(RoomItem.objects.shown().filter(room__slug=show.slug))
    chosen = source.sample(items, min(len(items), 2 if source.random() < 0.15 else 1))
    return [
        Wanted(
            placement_id=item.placement_id,
            variant_id=source.choice(item.card["variants"])["id"],
            quantity=_quantity(source),
        )
        for item in chosen
    ]


def _off_air(source: random.Random) -> list[Wanted]:
    listing = source.choice(list(Listing.objects.on_sale().order_by("pk")))
    variants = list(ListingVariant.objects.filter(listing=listing).order_by("pk"))
    return [Wanted(listing_variant_id=source.choice(variants).pk, quantity=_quantity(source))]


def _quantity(source: random.Random) -> int:
    return source.choices([1, 2, 3], weights=[82, 14, 4])[0]


def _show_life(show: ShowData, begins: datetime) -> Life:
    """Announced, live, one item after the other on the pin, over."""
    anchor = User.objects.get(username=show.anchor)
    room = open_room(show, cover_of(show.anchor))
    rooms.schedule_room(room=room, at=begins, actor=anchor)
    yield begins
    room = rooms.start_show(room=room, actor=anchor)
    items = list(RoomItem.objects.shown().filter(room=room))
    for number, item in enumerate(items):
        yield begins + timedelta(minutes=2 + number * (show.minutes - 4) / len(items))
        rooms.pin(room=room, placement_id=item.placement_id, actor=anchor)
    yield begins + timedelta(minutes=show.minutes)
    rooms.end_room(room=room, actor=acting(anchor, "anchor"))


def _past_crowds(source: random.Random, past: list[ShowData]) -> None:
    """What the hubs would have counted in shows that nobody watched."""
    for show in past:
        peak = source.randrange(90, 640)
        Room.objects.filter(slug=show.slug, peak_viewers=0).update(
            peak_viewers=peak, likes=peak * source.randrange(8, 30)
        )
