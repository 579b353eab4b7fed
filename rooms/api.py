"""HTTP API of this floor: rooms to watch, and one's own rooms to run."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field

from accounts.models import User
from catalog.models import Listing
from core.actors import acting
from core.errors import NotFound
from core.schemas import Body
from rooms import actions, feed
from rooms.actions import reports
from rooms.actions.goods import wire_form
from rooms.permissions import room_for
from rooms.snapshot import snapshot, sources, state_of, still
from rooms.views.watching import visible_room

router = Router(tags=["rooms"])

ID = Field(ge=1, le=2**63 - 1)


class Anchor(Schema):
    id: int
    name: str
    username: str


class RoomOut(Schema):
    """A room in a list."""

    id: int
    slug: str
    title: str
    state: str
    url: str
    anchor: Anchor
    scheduled_at: datetime | None
    started_at: datetime | None
    viewers: int
    likes: int


class RoomPage(Schema):
    """As the other lists; `previous` is null, because rooms come and go at the front."""

    previous: str | None = None
    next: str | None
    results: list[RoomOut]


class RoomIn(Body):
    title: str = Field("", max_length=80)
    scheduled_at: datetime | None = None


class ItemIn(Body):
    listing: int = ID


class OrderIn(Body):
    order: list[int] = Field(max_length=200)


class PinIn(Body):
    """`placement` null takes the pin away."""

    placement: int | None = Field(None, ge=1, le=2**63 - 1)


class ChatIn(Body):
    text: str = Field(max_length=2000)
    id: str = Field("", max_length=32)
    reply_to: str = Field("", max_length=60)


class LikesIn(Body):
    n: int = Field(1, ge=1, le=100)


class GrantOut(Schema):
    """The room, and the right to publish into its stream; `token` is shown once."""

    slug: str
    state: str
    stream: str
    session: str
    epoch: int
    ingest_url: str
    token: str
    expires_at: datetime


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@router.get("/rooms", response=RoomPage, auth=None, summary="Rooms on air")
def list_rooms(
    request: HttpRequest, cursor: int = Query(0, ge=0), page_size: int = Query(24, ge=1, le=100)
) -> Any:
    """Those with a picture first, then by age, the newest first."""
    page = feed.on_air(before=cursor, limit=page_size)
    query = f"{request.path}?cursor={page.next}&page_size={page_size}"
    following = request.build_absolute_uri(query) if page.next else None
    return {"results": page.tiles, "next": following}


@router.post("/rooms", response={201: RoomOut}, summary="Create a room")
def create_room(request: HttpRequest, body: RoomIn) -> Any:
    """No approval: whoever is signed in may create a room and go live at once."""
    room = actions.create_room(anchor=_me(request), title=body.title)
    if body.scheduled_at is not None:
        room = actions.schedule_room(room=room, at=body.scheduled_at, actor=_me(request))
    return Status(201, feed.tile(room))


@router.post("/rooms/quick-start", response={201: RoomOut}, summary="Create a room and go live")
def quick_start(request: HttpRequest, body: RoomIn) -> Any:
    """Leads back to the show that is on air already, if there is one."""
    return Status(201, feed.tile(actions.quick_start(user=_me(request), title=body.title)))


@router.get(
    "/rooms/{slug:slug}/snapshot", response=dict[str, Any], auth=None, summary="A room as a whole"
)
def room_snapshot(request: HttpRequest, slug: str) -> Any:
    """As docs/realtime.md has it; the socket's events fold into it."""
    return snapshot(visible_room(request.user, slug).pk)


@router.get(
    "/rooms/{slug:slug}/playback", response=dict[str, Any], auth=None, summary="Fresh play-out URLs"
)
def playback(request: HttpRequest, slug: str) -> Any:
    room = visible_room(request.user, slug)
    return {"state": room.video_state, "sources": sources(room), "still": still(room)}


@router.post("/rooms/{slug:slug}/likes", response={204: None}, auth=None, summary="Add likes")
def add_likes(request: HttpRequest, slug: str, body: LikesIn) -> Any:
    """For clients without a socket; guests may."""
    who = request.user.pk or request.META.get("REMOTE_ADDR", "")
    actions.add_likes(room=visible_room(request.user, slug), count=body.n, who=who)
    return Status(204, None)


@router.post("/rooms/{slug:slug}/chat", response=dict[str, Any], summary="Say something")
def post_chat(request: HttpRequest, slug: str, body: ChatIn) -> Any:
    room = visible_room(request.user, slug)
    return actions.post_chat(
        room=room, user=_me(request), text=body.text, nonce=body.id, reply_to=body.reply_to
    )


class ReportIn(Body):
    reason: str = Field(max_length=8)
    line: str = Field("", max_length=60)
    note: str = Field("", max_length=300)


@router.post("/rooms/{slug:slug}/reports", response={204: None}, summary="Report a line or a room")
def report(request: HttpRequest, slug: str, body: ReportIn) -> Any:
    """`reason` as docs/realtime.md lists them. Without `line` the report is about the room."""
    reports.report(
        room=visible_room(request.user, slug),
        reporter=_me(request),
        reason=body.reason,
        line=body.line,
        text=body.note,
    )
    return Status(204, None)


# Rooms one runs, as anchor or crew ----------------------------------------------------------------


@router.post("/rooms/{slug:slug}/go-live", response=GrantOut, summary="Go live")
def go_live(request: HttpRequest, slug: str) -> Any:
    """Opens the room if it is not open yet. A new grant fences off the publisher before it."""
    room = room_for(request.user, slug, "run_show")
    grant = actions.go_live(room=room, anchor=_me(request))
    room = room_for(request.user, slug, "run_show")
    assert room.stream is not None
    return {
        "slug": room.slug,
        "state": room.state,
        "stream": room.stream.key,
        "session": grant.session,
        "epoch": grant.epoch,
        "ingest_url": grant.ingest_url,
        "token": grant.token,
        "expires_at": grant.expires_at,
    }


@router.post("/rooms/{slug:slug}/end", response=dict[str, Any], summary="End the show")
def end_room(request: HttpRequest, slug: str) -> Any:
    room = actions.end_room(
        room=room_for(request.user, slug, "run_show"), actor=acting(_me(request), "anchor")
    )
    return {"slug": room.slug, **state_of(room)}


@router.post("/rooms/{slug:slug}/items", response={201: dict[str, Any]}, summary="Add an item")
def add_item(request: HttpRequest, slug: str, body: ItemIn) -> Any:
    room = room_for(request.user, slug, "goods")
    listing = Listing.objects.on_sale().filter(pk=body.listing).first()
    if listing is None:
        raise NotFound("There is no such listing on sale.")
    return Status(201, wire_form(actions.add_item(room=room, listing=listing, actor=_me(request))))


@router.delete(
    "/rooms/{slug:slug}/items/{int:placement}", response={204: None}, summary="Remove an item"
)
def remove_item(request: HttpRequest, slug: str, placement: int = Path(ge=1, le=2**63 - 1)) -> Any:
    room = room_for(request.user, slug, "goods")
    actions.pull_item(room=room, placement_id=placement, actor=_me(request))
    return Status(204, None)


@router.put("/rooms/{slug:slug}/items/order", response={204: None}, summary="Sort the items")
def sort_items(request: HttpRequest, slug: str, body: OrderIn) -> Any:
    actions.sort_items(
        room=room_for(request.user, slug, "goods"), order=body.order, actor=_me(request)
    )
    return Status(204, None)


@router.put("/rooms/{slug:slug}/pin", response={204: None}, summary="Pin an item, or none")
def pin(request: HttpRequest, slug: str, body: PinIn) -> Any:
    actions.pin(
        room=room_for(request.user, slug, "pin"), placement_id=body.placement, actor=_me(request)
    )
    return Status(204, None)
