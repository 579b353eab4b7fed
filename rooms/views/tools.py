"""The tools of the console: the line on top of the chat, polls, the order ticker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from core.errors import Invalid, NotFound
from rooms import actions, votes
from rooms.actions.polls import poll_form
from rooms.models import PollVote, Room
from rooms.permissions import room_for
from rooms.views.verbs import number, optional, text, verb
from rooms.views.watching import visible_room


@verb
def notice(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    """`text`, or `line` (id of a line of the chat); `minutes` may be left out."""
    room = room_for(me, slug, "announce")
    minutes = optional(data, "minutes")
    if line := text(data, "line"):
        actions.pin_line(room=room, line_id=line, actor=me, minutes=minutes)
    else:
        actions.announce(room=room, text=text(data, "text"), actor=me, minutes=minutes)
    return room, {}


@verb
def notice_down(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    room = room_for(me, slug, "announce")
    actions.take_notice_down(room=room, actor=me)
    return room, {}


@verb
def open_poll(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    """`question`, `options` (empty ones are left out), `seconds`."""
    room = room_for(me, slug, "poll")
    options = data.get("options")
    if not isinstance(options, list) or not all(isinstance(option, str) for option in options):
        raise Invalid(_("`options` must list the answers."), code="bad_options")
    poll = actions.open_poll(
        room=room,
        question=text(data, "question"),
        options=[option for option in options if option.strip()],
        seconds=number(data.get("seconds"), "seconds"),
        actor=me,
    )
    return room, {"poll": poll_form(poll)}


@verb
def close_poll(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    """`poll`: its id."""
    room = room_for(me, slug, "poll")
    poll = actions.close_poll(room=room, poll_id=number(data.get("poll"), "poll"), actor=me)
    return room, {"poll": poll_form(poll)}


@verb
def take_poll_down(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    room = room_for(me, slug, "poll")
    actions.take_poll_down(room=room, actor=me)
    return room, {}


@verb
def ticker(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    """`on`: 1 or 0."""
    room = room_for(me, slug, "goods")
    on = bool(number(data.get("on"), "on"))
    actions.show_ticker(room=room, on=on, actor=me)
    return room, {"on": on}


@require_safe
def poll_now(request: HttpRequest, slug: str) -> HttpResponse:
    """Who comes while a poll runs: {poll, votes so far, mine: the reader's own answer or null}."""
    room = visible_room(request.user, slug)
    poll = room.polls.first()
    if poll is None:
        raise NotFound(_("There is no such poll."))
    mine = None
    if request.user.is_authenticated:
        own = PollVote.objects.filter(poll=poll, user=request.user)
        mine = own.values_list("option", flat=True).first()
    counted = poll.counts or votes.count(poll.pk, len(poll.options))
    response = JsonResponse({"poll": poll.pk, "votes": counted, "mine": mine})
    response["Cache-Control"] = "private, no-store"
    return response


urls = [
    path("rooms/<slug:slug>/poll/", poll_now, name="room-poll"),
    path("studio/<slug:slug>/notice/", notice, name="studio-notice"),
    path("studio/<slug:slug>/notice/down/", notice_down, name="studio-notice-down"),
    path("studio/<slug:slug>/poll/", open_poll, name="studio-poll"),
    path("studio/<slug:slug>/poll/close/", close_poll, name="studio-poll-close"),
    path("studio/<slug:slug>/poll/down/", take_poll_down, name="studio-poll-down"),
    path("studio/<slug:slug>/ticker/", ticker, name="studio-ticker"),
]
