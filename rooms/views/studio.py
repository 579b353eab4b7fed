"""The anchor's side: one's rooms, the console of one show, and everything that can be done in it.

Each POST takes a form or JSON; who asks for JSON (`Accept: application/json`) gets JSON, everybody
else is sent back to the console.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.files import File
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from catalog.models import Listing
from core.actors import acting
from core.errors import Invalid, NotFound
from promotion.selection import Selectable, selectable
from rooms import actions, asks, cards, wire
from rooms.actions.crew import invitations
from rooms.actions.goods import wire_form
from rooms.actions.standing import unread
from rooms.actions.talk import one_line
from rooms.models import Room, RoomDecision, RoomItem
from rooms.numbers import numbers
from rooms.permissions import MODERATOR, allowed, room_for, rooms_helped
from rooms.sharing import address
from rooms.snapshot import snapshot, state_of
from rooms.states import ON_AIR
from rooms.views.covers import cover_of
from rooms.views.verbs import moment, number, optional, text, verb, wants_json

PAST_SHOWN = 12
SELECTION_PAGE = 24


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """rooms/studio_home.html: `on_air`, `planned` (DRAFT and SCHEDULED, by time), `past` (newest 12),
    each a list of Room; open ones carry `.cover` ({src, srcset, alt} or None), past ones `.numbers`
    ({orders, units, amount_minor, currency, …}).
    Forms: POST /studio/go-live/ (`title` optional), POST /studio/rooms/ (`title`; optional
    `scheduled_at` as the browser's datetime-local and `cover`, a picture), POST …/cover/.
    `helping`: open rooms of anchors whose crew one is in; `invited`: how many invitations wait.
    """
    assert isinstance(request.user, User)
    rooms = Room.objects.for_actor(request.user).select_related("anchor")
    past = list(rooms.filter(state__in=["ENDED", "REPLAY", "TERMINATED"])[:PAST_SHOWN])
    for room in past:
        room.numbers = numbers(room)  # type: ignore[attr-defined]
    on_air = list(rooms.filter(state__in=ON_AIR | {"SUSPENDED"}))
    planned = list(rooms.filter(state__in=["DRAFT", "SCHEDULED"]).order_by("scheduled_at"))
    for room in [*on_air, *planned]:
        room.cover = cover_of(room)  # type: ignore[attr-defined]
    return render(
        request,
        "rooms/studio_home.html",
        {
            "on_air": on_air,
            "planned": planned,
            "past": past,
            "helping": list(rooms_helped(request.user)),
            "invited": len(invitations(request.user)),
        },
    )


@require_safe
@login_required
def console(request: HttpRequest, slug: str) -> HttpResponse:
    """rooms/studio.html: `room`, `snapshot`, `numbers` (also at …/numbers/ as JSON), `publish`
    ({sessions_url}: POST there for a publishing grant), `selection` (its first page),
    `may` (actions of the reader's role), `decisions` of the platform that the anchor has not read.
    Below /studio/<slug>/: go-live/, end/, discard/, schedule/ (`scheduled_at`), items/ (`listing`: id),
    items/remove/ (`placement`), items/sort/ (`order`: placements), pin/ (`placement` or empty, `seconds`),
    chat/ (`text`, `id`), selection/?q=&page=, numbers/.
    """
    room = room_for(request.user, slug, "console")
    if room.my_role == MODERATOR:
        return redirect("moderate", slug=slug)
    return render(
        request,
        "rooms/studio.html",
        {
            "room": room,
            "snapshot": snapshot(room.pk),
            "numbers": numbers(room),
            "publish": {"sessions_url": f"/api/v1/streams/{room.stream.key}/sessions"}
            if room.stream
            else None,
            "selection": _selection(room),
            "may": allowed(room.my_role),
            "address": address(room),
            "decisions": unread(room),
            "decision_kinds": RoomDecision.Kind.values,
        },
    )


@require_safe
@login_required
def selection_list(request: HttpRequest, slug: str) -> HttpResponse:
    """rooms/_selection.html with `selection` and `room`, or the same as JSON; `?q=`, `?page=`."""
    room = room_for(request.user, slug, "goods")
    page = request.GET.get("page", "1")
    found = _selection(
        room,
        text=request.GET.get("q", ""),
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
    )
    if wants_json(request):
        return JsonResponse(found)
    return render(request, "rooms/_selection.html", {"room": room, "selection": found})


def _selection(room: Room, *, text: str = "", page: int = 1) -> dict[str, Any]:
    """What the room's anchor may take into it: {query, page, next (page number or None), rows}."""
    query, page = one_line(text)[:100], max(1, page)
    start = (page - 1) * SELECTION_PAGE
    found = selectable(room.anchor, query, start=start, limit=SELECTION_PAGE + 1)
    shown = RoomItem.objects.shown().filter(room=room)
    taken = set(shown.values_list("placement__listing_id", flat=True))
    return {
        "query": query,
        "page": page,
        "next": page + 1 if len(found) > SELECTION_PAGE else None,
        "rows": [_offered(row, row.listing.pk in taken) for row in found[:SELECTION_PAGE]],
    }


def _offered(row: Selectable, taken: bool) -> dict[str, Any]:
    """A listing by what its cheapest variant costs and what a sale earns at least."""
    return {
        "listing": row.listing.pk,
        "title": row.listing.product.title,
        "supplier": row.listing.supplier.name,
        "picture": cards.picture(row.listing),
        "price": wire.money(row.price_minor[0], row.currency),
        "commission_bps": row.commission_bps[0],
        "earn": wire.money(row.earn_minor[0], row.currency),
        "left": row.left,
        "taken": taken,
    }


@require_safe
@login_required
def numbers_now(request: HttpRequest, slug: str) -> HttpResponse:
    """As `numbers`; `asks`: wishes for an explanation by placement; `decisions` not read yet."""
    room = room_for(request.user, slug, "numbers")
    return JsonResponse(numbers(room) | {"asks": asks.counts(room.pk), "decisions": unread(room)})


@verb
def quick_start(me: User, data: Mapping[str, Any]) -> tuple[Room, dict[str, Any]]:
    room = actions.quick_start(user=me, title=text(data, "title"))
    return room, {"state": room.state}


@verb
def create(me: User, data: Mapping[str, Any]) -> tuple[Room, dict[str, Any]]:
    at = moment(data)
    cover = data.get("cover")
    # All of the form or nothing: a picture that cannot be read leaves no half-planned show behind.
    with transaction.atomic():
        room = actions.create_room(anchor=me, title=text(data, "title"))
        if at is not None:
            room = actions.schedule_room(room=room, at=at, actor=me)
        if isinstance(cover, File):
            room = actions.set_cover(room=room, picture=cover)
    return room, state_of(room)


@verb
def schedule(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    at = moment(data)
    if at is None:
        raise Invalid(_("Enter the time as 2030-12-31T20:00."), code="bad_time")
    room = actions.schedule_room(room=room_for(me, slug, "schedule"), at=at, actor=me)
    return room, state_of(room)


@verb
def go_live(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    room = actions.start_show(room=room_for(me, slug, "run_show"), actor=me)
    return room, state_of(room)


@verb
def end(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    actor = acting(me, "anchor")
    room = actions.end_room(room=room_for(me, slug, "run_show"), actor=actor)
    return room, state_of(room)


@verb
def discard(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    room = room_for(me, slug, "run_show")
    actions.discard_room(room=room, actor=me)
    room.refresh_from_db()
    return room, state_of(room)


@verb
def add_item(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    room = room_for(me, slug, "goods")
    listing = Listing.objects.on_sale().filter(pk=number(data.get("listing"), "listing")).first()
    if listing is None:
        raise NotFound(_("This item is not on sale any more."))
    item = actions.add_item(room=room, listing=listing, actor=me)
    return room, {"item": wire_form(item)}


@verb
def remove_item(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    room = room_for(me, slug, "goods")
    placement = number(data.get("placement"), "placement")
    actions.pull_item(room=room, placement_id=placement, actor=me)
    return room, {"placement": placement}


@verb
def sort_items(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    room = room_for(me, slug, "goods")
    order = data.get("order")
    if not isinstance(order, list):
        raise Invalid(_("`order` must list the placements."), code="bad_order")
    wanted = [number(value, "order") for value in order]
    actions.sort_items(room=room, order=wanted, actor=me)
    return room, {"order": wanted}


@verb
def pin(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    room = room_for(me, slug, "pin")
    value = data.get("placement")
    placement = None if value in (None, "") else number(value, "placement")
    seconds = optional(data, "seconds")
    actions.pin(room=room, placement_id=placement, actor=me, seconds=seconds)
    return room, {"pinned": placement}


@verb
def chat(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    room = room_for(me, slug, "chat")
    event = actions.post_chat(room=room, user=me, text=text(data, "text"), nonce=text(data, "id"))
    return room, {"chat": event}
