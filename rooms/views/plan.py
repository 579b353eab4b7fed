"""Before the show: its calendar file, and being reminded."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from core.errors import NotFound
from rooms import calendar, reminders
from rooms.models import Room
from rooms.views.verbs import data, number, wants_json
from rooms.views.watching import visible_room


@require_safe
def calendar_file(request: HttpRequest, slug: str) -> HttpResponse:
    """`show.ics` of a show that was ever announced, also after it was called off."""
    announced = Room.objects.select_related("anchor").filter(slug=slug, scheduled_at__isnull=False)
    room = announced.exclude(state="DRAFT").first()
    if room is None:
        raise NotFound(_("There is no such room."))
    response = HttpResponse(calendar.entry(room), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'inline; filename="{room.slug}.ics"'
    response["Cache-Control"] = "no-cache"
    return response


@require_POST
@login_required
def remind(request: HttpRequest, slug: str) -> HttpResponse:
    """`on`: 1 to be reminded, 0 not to be; `seen`: 1 to close the notice on the page."""
    assert isinstance(request.user, User)
    room = visible_room(request.user, slug)
    sent = data(request)
    if "seen" in sent:
        reminders.put_away(room=room, user=request.user)
        answer = {"seen": True}
    elif number(sent.get("on"), "on"):
        reminders.remind(room=room, user=request.user)
        answer = {"on": True}
    else:
        reminders.forget(room=room, user=request.user)
        answer = {"on": False}
    if wants_json(request):
        return JsonResponse(answer)
    if "HX-Request" in request.headers:
        return HttpResponse("")
    if answer.get("on"):
        messages.success(request, _("You will hear from us ten minutes before."))
    return redirect("room", slug=slug)


urls = [
    path("rooms/<slug:slug>/calendar.ics", calendar_file, name="room-calendar"),
    path("rooms/<slug:slug>/reminder/", remind, name="room-reminder"),
]
