"""Covers, the rooms that are announced, and the one that goes live."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import User
from catalog import pictures
from catalog.models import Listing
from core import clock
from demo.pictures import draw_cover, encode
from demo.stock.goods import BY_CODE
from demo.stock.people import ANCHORS, LIVE_SHOW, SHOWS, ShowData
from rooms import actions as rooms
from rooms.models import Room


def seed_rooms() -> None:
    """The live room, ready to begin, and the announced ones."""
    for show in SHOWS:
        if show.when is None or show.when > 0:
            open_room(show, cover_of(show.anchor))


def cover_of(username: str) -> str:
    """The key of the anchor's cover; an earlier room's is used again."""
    known = Room.objects.filter(anchor__username=username).exclude(cover_key="").first()
    if known:
        return known.cover_key
    anchor = next(data for data in ANCHORS if data.username == username)
    return pictures.store(encode(draw_cover(anchor.look))).key


def open_room(show: ShowData, cover_key: str) -> Room:
    """A room with its shelf; a show still to come is announced. Does nothing when it is there."""
    known = Room.objects.filter(slug=show.slug).first()
    if known:
        return known
    anchor = User.objects.get(username=show.anchor)
    room = rooms.create_room(anchor=anchor, title=show.title, cover_key=cover_key)
    Room.objects.filter(pk=room.pk).update(slug=show.slug)
    room.slug = show.slug
    for listing in shelf(show):
        rooms.add_item(room=room, listing=listing, actor=anchor)
    if show.when is not None and show.when > 0:
        rooms.schedule_room(room=room, at=begins_at(show, clock.now()), actor=anchor)
    return room


def begins_at(show: ShowData, now: datetime) -> datetime:
    """The full hour of a show that is told in hours from `now`."""
    return (now + timedelta(hours=show.when or 0)).replace(minute=0, second=0, microsecond=0)


def shelf(show: ShowData) -> list[Listing]:
    """The show's goods in its order; goods that a small demo leaves out are missing."""
    titles = [BY_CODE[code].title for code in show.goods]
    found = {
        listing.product.title: listing
        for listing in Listing.objects.on_sale()
        .filter(product__title__in=titles)
        .select_related("product")
    }
    return [found[title] for title in titles if title in found]


def live_room() -> Room:
    """The demo room, opened anew under the same address when its last show is over."""
    show = next(show for show in SHOWS if show.slug == LIVE_SHOW)
    room = Room.objects.filter(slug=LIVE_SHOW).first()
    if room is not None and room.open:
        return room
    cover_key = cover_of(show.anchor)
    if room is not None:
        Room.objects.filter(pk=room.pk).update(slug=f"{LIVE_SHOW}-{room.pk}")
    return open_room(show, cover_key)
