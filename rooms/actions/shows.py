"""A show from its plan to its replay."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import User
from core import clock
from core.actors import Actor, acting
from core.errors import Conflict, Invalid
from core.ids import ALPHABET
from rooms.actions.deals import close_deals
from rooms.actions.goods import unpin
from rooms.actions.locking import locked, must_be_open, put_off, try_locked
from rooms.actions.moderation import hang_rules
from rooms.actions.polls import close_running
from rooms.actions.talk import one_line
from rooms.journal import record
from rooms.models import Room
from rooms.snapshot import state_of
from rooms.states import ON_AIR, ROOM
from streaming import actions as streaming

TITLE_LENGTH = 80


@transaction.atomic
def create_room(*, anchor: User, title: str = "", cover_key: str = "") -> Room:
    """A new room in DRAFT with a stream of its own; anybody signed in may have one, no approval.

    Raises Invalid for a title of more than 80 characters; an empty one names the anchor.
    """
    title = one_line(title) or _("%(name)s is live") % {"name": anchor.name}
    if len(title) > TITLE_LENGTH:
        raise Invalid(_("Use at most 80 characters for the title."), code="title_too_long")
    room = Room.objects.create(
        slug=_new_slug(anchor),
        anchor=anchor,
        title=title,
        cover_key=cover_key,
        stream=streaming.create_stream(owner=anchor),
    )
    ROOM.start(room, actor=acting(anchor, "anchor"))
    hang_rules(room)
    return room


def _new_slug(anchor: User) -> str:
    tail = "".join(secrets.choice(ALPHABET.lower()) for _ in range(7))
    return f"{slugify(anchor.username)[:40] or 'room'}-{tail}"


@transaction.atomic
def schedule_room(*, room: Room, at: datetime, actor: User) -> Room:
    """Announce the show for `at` (aware). Raises Invalid for the past, IllegalMove once it ran."""
    room = locked(room.pk)
    if at <= clock.now():
        raise Invalid(_("Choose a time that is still to come."), code="in_the_past")
    version = room.plan_version + 1
    if room.state == "SCHEDULED":
        if room.scheduled_at == at:
            return room
        Room.objects.filter(pk=room.pk).update(scheduled_at=at, plan_version=version)
        room.scheduled_at, room.plan_version = at, version
    else:
        ROOM.move(
            room,
            "SCHEDULED",
            actor=acting(actor, "anchor"),
            scheduled_at=at,
            plan_version=version,
        )
    record(room, ("room.state", state_of(room)))
    return room


@transaction.atomic
def start_show(*, room: Room, actor: User) -> Room:
    """Open the doors: DRAFT or SCHEDULED → LIVE. Does nothing when the room is on air already.

    Raises IllegalMove when the show is over, Conflict while another of the anchor is suspended.
    """
    room = locked(room.pk)
    if room.state in ON_AIR:
        return room
    if Room.objects.filter(anchor=room.anchor_id, state="SUSPENDED").exists():
        raise Conflict(
            _("The platform has suspended your show. Read why, and appeal, under “My sanctions”."),
            code="suspended",
        )
    ROOM.move(room, "LIVE", actor=acting(actor, "anchor"), started_at=clock.now())
    record(room, ("room.state", state_of(room)))
    return room


def go_live(*, room: Room, anchor: User) -> streaming.PublishGrant:
    """`start_show` and the right to publish into its stream; a new grant fences off the former."""
    room = start_show(room=room, actor=anchor)
    assert room.stream is not None
    return streaming.grant_publish(stream=room.stream, user=anchor)


@transaction.atomic
def quick_start(*, user: User, title: str = "") -> Room:
    """Create a room and go live in one step; a second tap leads back to the show on air."""
    # The lock on the account keeps a double tap from opening two rooms.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    running = Room.objects.for_actor(user).on_air().first()
    return running or start_show(room=create_room(anchor=user, title=title), actor=user)


@transaction.atomic
def end_room(*, room: Room, actor: Actor) -> Room:
    """Close the show for good and refuse its stream from now on; the chat closes, the pin goes.

    Does nothing when it is over already; raises Conflict when it never began.
    """
    room = locked(room.pk)
    if room.state in {"DRAFT", "SCHEDULED"}:
        raise Conflict(_("This show has not begun; discard it instead."), code="not_begun")
    if room.state not in ON_AIR:
        return room
    unpin(room)
    close_running(room)
    close_deals(room)
    ROOM.move(room, "ENDED", actor=actor, ended_at=clock.now())
    Room.objects.filter(pk=room.pk).update(video_state=Room.Video.ENDED)
    room.video_state = Room.Video.ENDED
    record(room, ("room.state", state_of(room)), ("video", {"state": room.video_state}))
    if room.stream is not None:
        streaming.end_stream(stream=room.stream)
    return room


@transaction.atomic
def discard_room(*, room: Room, actor: User) -> None:
    """Put a show away that never began. Raises IllegalMove when it did."""
    room = locked(room.pk)
    must_be_open(room)
    close_deals(room)
    ROOM.move(room, "ARCHIVED", actor=acting(actor, "anchor"), plan_version=room.plan_version + 1)
    record(room, ("room.state", state_of(room)))


@transaction.atomic
def open_replay(*, room: Room) -> Room:
    """ENDED → REPLAY once the recording can be watched; otherwise nothing changes."""
    room = locked(room.pk)
    if room.state == "ENDED" and room.stream and streaming.replay(stream=room.stream):
        ROOM.move(room, "REPLAY", why="recording ready")
        record(room, ("room.state", state_of(room)))
    return room


@ROOM.on_timeout("INTERRUPTED")
def _grace_is_over(room_id: int) -> None:
    room = try_locked(room_id)
    if room is None:
        put_off(ROOM, room_id)
    elif room.state == "INTERRUPTED":
        end_room(room=room, actor=Actor("system", None, "grace period"))
