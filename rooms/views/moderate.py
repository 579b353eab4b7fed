"""The moderators' page for a second device, and what can be done there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from core.errors import Invalid, NotFound
from rooms import history, wire
from rooms.actions import moderation, reports
from rooms.actions.audit import action_of
from rooms.models import ChatMessage, HouseRules, ModerationAction, Report, Room, Sanction
from rooms.permissions import allowed, room_for
from rooms.snapshot import snapshot
from rooms.views.verbs import number, optional, text, verb

SHOWN = 50


@require_safe
@login_required
def moderate_page(request: HttpRequest, slug: str) -> HttpResponse:
    """rooms/moderate.html: `room`, `snapshot`, `desk` (as …/moderate/state/ gives it), `may`."""
    room = room_for(request.user, slug, "moderate")
    return render(
        request,
        "rooms/moderate.html",
        {
            "room": room,
            "snapshot": snapshot(room.pk),
            "desk": _desk(room),
            "may": allowed(room.my_role),
            "reasons": Report.Reason.choices,
        },
    )


@require_safe
@login_required
def moderate_state(request: HttpRequest, slug: str) -> HttpResponse:
    """{held, reports, sanctions, log: newest first, rules, words (null for who may not see them)}."""
    return JsonResponse(_desk(room_for(request.user, slug, "moderate")))


def _desk(room: Room) -> dict[str, Any]:
    anchor = room.anchor
    may = allowed(room.my_role)
    rules = HouseRules.objects.filter(pk=anchor.pk).first() or HouseRules(anchor=anchor)
    waiting = Report.objects.filter(room__anchor=anchor, state=Report.State.OPEN, for_admins=False)
    standing = Sanction.objects.standing().filter(anchor=anchor).select_related("user")
    trail = ModerationAction.objects.filter(anchor=anchor).select_related("actor", "target")
    held = ChatMessage.objects.held().filter(room=room).order_by("id")
    return {
        "held": [{"line": history.public_form(row), "why": row.why} for row in held[:SHOWN]],
        "reports": [reports.report_of(row) for row in waiting.select_related("accused")[:SHOWN]],
        "sanctions": [_sanction_of(row) for row in standing[:SHOWN]],
        "log": [action_of(row) for row in trail[:SHOWN]] if "log" in may else [],
        "rules": rules.public,
        "words": rules.words if "words" in may else None,
    }


def _sanction_of(row: Sanction) -> dict[str, Any]:
    return {
        "id": row.pk,
        "user": {"id": row.user_id, "name": row.user.name},
        "kind": row.kind,
        "until": wire.millis(row.until),
        "reason": row.reason,
    }


@verb
def remove(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    """`lines` (ids), or `user` for everything of that person; `reason`."""
    room = room_for(me, slug, "moderate")
    reason = text(data, "reason")
    lines = data.get("lines")
    if lines is None:
        target = _person(data)
        moderation.remove_all_of(
            room=room, actor=me, role=room.my_role, target=target, reason=reason
        )
    elif isinstance(lines, list) and all(isinstance(line, str) for line in lines):
        moderation.remove_lines(room=room, actor=me, role=room.my_role, lines=lines, reason=reason)
    else:
        raise Invalid(_("`lines` must list the ids of messages."), code="bad_lines")
    return room, {}


@verb
def bring_back(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    """`line`: a held or removed one."""
    room = room_for(me, slug, "moderate")
    event = moderation.bring_back(room=room, actor=me, role=room.my_role, line=text(data, "line"))
    return room, {"chat": event}


@verb
def refuse(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    """`line`: a held one."""
    room = room_for(me, slug, "moderate")
    moderation.refuse_held(room=room, actor=me, role=room.my_role, line=text(data, "line"))
    return room, {}


@verb
def sanction(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    """`user`, `kind` (mute or ban), `minutes` (left out: until lifted), `reason`, `remove`."""
    room = room_for(me, slug, "moderate")
    given = moderation.sanction(
        room=room,
        actor=me,
        role=room.my_role,
        target=_person(data),
        kind=text(data, "kind"),
        minutes=optional(data, "minutes"),
        reason=text(data, "reason"),
        remove=data.get("remove") in (True, "true", "on", "1"),
    )
    return room, {"sanction": _sanction_of(given)}


@verb
def lift(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    """`sanction`: its id."""
    room = room_for(me, slug, "moderate")
    rows = Sanction.objects.filter(anchor=room.anchor)
    given = rows.filter(pk=number(data.get("sanction"), "sanction")).first()
    if given is None:
        raise NotFound(_("There is no such sanction."))
    moderation.lift(given=given, actor=me, role=room.my_role, room=room)
    return room, {}


@verb
def rules(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    """Any of `slow_seconds`, `followers_only`, `links_blocked`."""
    room = room_for(me, slug, "rules")
    public = moderation.set_rules(
        room=room,
        actor=me,
        role=room.my_role,
        slow_seconds=optional(data, "slow_seconds"),
        followers_only=_switch(data, "followers_only"),
        links_blocked=_switch(data, "links_blocked"),
    )
    return room, {"rules": public}


@verb
def words(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    """`words`: the whole list."""
    room = room_for(me, slug, "words")
    listed = data.get("words")
    if not isinstance(listed, list) or not all(isinstance(word, str) for word in listed):
        raise Invalid(_("`words` must list words."), code="bad_words")
    kept = moderation.set_words(room=room, actor=me, role=room.my_role, words=listed)
    return room, {"words": kept}


@verb
def decide(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    """`report`: its id; `upheld`."""
    room = room_for(me, slug, "moderate")
    rows = Report.objects.select_related("room", "accused")
    found = rows.filter(
        pk=number(data.get("report"), "report"), room__anchor=room.anchor, for_admins=False
    ).first()
    if found is None:
        raise NotFound(_("There is no such report."))
    upheld = _switch(data, "upheld")
    reports.decide_report(found=found, actor=me, role=room.my_role, upheld=bool(upheld))
    return room, {}


def _person(data: Mapping[str, Any]) -> User:
    person = User.objects.filter(pk=number(data.get("user"), "user")).first()
    if person is None:
        raise NotFound(_("There is nobody like that."))
    return person


def _switch(data: Mapping[str, Any], name: str) -> bool | None:
    value = data.get(name)
    if value is None or isinstance(value, bool):
        return value
    if value in ("true", "on", "1"):
        return True
    if value in ("false", "off", "0", ""):
        return False
    raise Invalid(_("`%(field)s` must be true or false.") % {"field": name}, code="bad_switch")


urls = [
    path("studio/<slug:slug>/moderate/", moderate_page, name="moderate"),
    path("studio/<slug:slug>/moderate/state/", moderate_state, name="moderate-state"),
    path("studio/<slug:slug>/moderate/remove/", remove, name="moderate-remove"),
    path("studio/<slug:slug>/moderate/bring-back/", bring_back, name="moderate-bring-back"),
    path("studio/<slug:slug>/moderate/refuse/", refuse, name="moderate-refuse"),
    path("studio/<slug:slug>/moderate/sanction/", sanction, name="moderate-sanction"),
    path("studio/<slug:slug>/moderate/lift/", lift, name="moderate-lift"),
    path("studio/<slug:slug>/moderate/rules/", rules, name="moderate-rules"),
    path("studio/<slug:slug>/moderate/words/", words, name="moderate-words"),
    path("studio/<slug:slug>/moderate/report/", decide, name="moderate-report"),
]
