"""The platform's admins at work on any device: shows on air, decisions about them, appeals."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from core.errors import DomainError, NotFound
from rooms import presence
from rooms.actions import reports, standing
from rooms.models import Appeal, Report, Room, RoomDecision
from rooms.states import APPEAL, ON_AIR, ROOM
from rooms.views.verbs import number

PAGE = 30
REPORTS_SHOWN = 10
APPEALS_SHOWN = 50

View = Callable[..., HttpResponse]


def staff_only(permission: str) -> Callable[[View], View]:
    """For signed-in staff with this permission; for everybody else there is no such page."""

    def wrap(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            user = request.user
            assert isinstance(user, User)
            if not (user.is_staff and user.has_perm(permission)):
                raise NotFound(_("There is no such page."))
            return view(request, *args, **kwargs)

        return guarded

    return wrap


decides_rooms = staff_only("rooms.add_roomdecision")
decides_appeals = staff_only("rooms.change_appeal")


@require_safe
@decides_rooms
def rooms_page(request: HttpRequest) -> HttpResponse:
    """rooms/staff/rooms.html: `page` of Room on air or suspended, those with most open reports
    first, each with `.complaints` and `.watching`; `appeals`: how many wait.
    """
    waiting = Count("reports", filter=Q(reports__state=Report.State.OPEN, reports__for_admins=True))
    rooms = Room.objects.filter(state__in=ON_AIR | {"SUSPENDED"}).select_related("anchor")
    rooms = rooms.annotate(complaints=waiting).order_by("-complaints", "-pk")
    page = Paginator(rooms, PAGE).get_page(request.GET.get("page"))
    counts = presence.counts(room.pk for room in page)
    for room in page:
        room.watching = counts[room.pk].watching  # type: ignore[attr-defined]
    appeals = Appeal.objects.filter(state="OPEN").count()
    return render(request, "rooms/staff/rooms.html", {"page": page, "appeals": appeals})


@require_safe
@decides_rooms
def room_page(request: HttpRequest, slug: str) -> HttpResponse:
    """rooms/staff/room.html: `room`, `choices` ({kind, label, effect}), `times` of a suspension
    ((minutes, label)), `decisions` (newest first), `complaints` (open reports for admins),
    `until` (when the suspension ends).
    """
    room = _room(slug)
    complaints = room.reports.filter(state=Report.State.OPEN, for_admins=True)
    return render(
        request,
        "rooms/staff/room.html",
        {
            "room": room,
            "choices": _choices(room),
            "times": _times(),
            "usual": standing.USUAL,
            "until": ROOM.deadline_of(room) if room.state == "SUSPENDED" else None,
            "decisions": list(room.decisions.select_related("made_by", "appeal")),
            "complaints": list(complaints[:REPORTS_SHOWN]),
        },
    )


def _choices(room: Room) -> list[dict[str, str]]:
    """What may be decided now, and what it does."""
    kind = RoomDecision.Kind
    effects = {
        kind.WARN: (_("Warn"), _("The anchor reads it on the console. Viewers notice nothing.")),
        kind.LIMIT: (_("Limit"), _("Left out of the feed and of search; its address still works.")),
        kind.SUSPEND: (
            _("Suspend"),
            _("Picture, chat and sales stop for a time, or until you resume it. Orders stay."),
        ),
        kind.TERMINATE: (_("Terminate"), _("Over for good, without a replay. Orders stay.")),
    }
    possible = set(effects) if room.on_air else set()
    if room.standing == "LIMITED":
        possible.discard(kind.LIMIT)
    if room.state == "SUSPENDED":
        possible = {kind.TERMINATE}
    return [
        {"kind": name, "label": label, "effect": effect}
        for name, (label, effect) in effects.items()
        if name in possible
    ]


def _times() -> list[tuple[int, str]]:
    return [
        (10, _("10 minutes")),
        (60, _("1 hour")),
        (6 * 60, _("6 hours")),
        (24 * 60, _("24 hours")),
        (3 * 24 * 60, _("3 days")),
        (7 * 24 * 60, _("7 days")),
        (30 * 24 * 60, _("30 days")),
    ]


@require_POST
@decides_rooms
def decide(request: HttpRequest, slug: str) -> HttpResponse:
    """`kind` (warn, limit, suspend, terminate), `reason`, `minutes` of a suspension."""
    data = request.POST

    def work(room: Room, me: User) -> None:
        minutes = number(data.get("minutes") or standing.USUAL, "minutes")
        kind, reason = data.get("kind", ""), data.get("reason", "")
        standing.decide(room=room, actor=me, kind=kind, reason=reason, minutes=minutes)

    return _act(request, slug, work, _("Done. The anchor is told."))


@require_POST
@decides_rooms
def restore(request: HttpRequest, slug: str) -> HttpResponse:
    """`reason`: take back all that stands."""
    reason = request.POST.get("reason", "")
    return _act(
        request,
        slug,
        lambda room, me: standing.restore(room=room, actor=me, reason=reason),
        _("Nothing stands against this show any more."),
    )


def _act(
    request: HttpRequest, slug: str, work: Callable[[Room, User], object], done: str
) -> HttpResponse:
    assert isinstance(request.user, User)
    room = _room(slug)
    try:
        work(room, request.user)
    except DomainError as error:
        messages.error(request, str(error.detail))
    else:
        messages.success(request, done)
    return redirect("staff-room", slug=slug)


def _room(slug: str) -> Room:
    room = Room.objects.select_related("anchor").filter(slug=slug).first()
    if room is None:
        raise NotFound(_("There is no such room."))
    return room


@require_safe
@decides_appeals
def appeals_page(request: HttpRequest) -> HttpResponse:
    """rooms/staff/appeals.html: `appeals` that wait, the oldest first, with `.answer_by`."""
    waiting = Appeal.objects.filter(state="OPEN").select_related(
        "sanction__user", "sanction__anchor", "decision__room__anchor"
    )
    rows = list(waiting.order_by("id")[:APPEALS_SHOWN])
    for row in rows:
        row.answer_by = APPEAL.deadline_of(row)  # type: ignore[attr-defined]
    return render(request, "rooms/staff/appeals.html", {"appeals": rows})


@require_POST
@decides_appeals
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """`lifted` ("1" or "0"), `answer`: the words that the appellant reads."""
    assert isinstance(request.user, User)
    made = Appeal.objects.filter(pk=pk).first()
    if made is None:
        raise NotFound(_("There is no such appeal."))
    try:
        reports.decide_appeal(
            made=made,
            actor=request.user,
            lifted=request.POST.get("lifted") == "1",
            answer=request.POST.get("answer", ""),
        )
    except DomainError as error:
        messages.error(request, str(error.detail))
    else:
        messages.success(request, _("Answered."))
    return redirect("staff-appeals")


urls = [
    path("staff/rooms/", rooms_page, name="staff-rooms"),
    path("staff/rooms/<slug:slug>/", room_page, name="staff-room"),
    path("staff/rooms/<slug:slug>/decide/", decide, name="staff-room-decide"),
    path("staff/rooms/<slug:slug>/restore/", restore, name="staff-room-restore"),
    path("staff/appeals/", appeals_page, name="staff-appeals"),
    path("staff/appeals/<int:pk>/", answer, name="staff-appeal"),
]
