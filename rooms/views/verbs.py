"""POSTs of the studio: who asks for JSON gets JSON, everybody else is sent back to the console."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from core.errors import Invalid
from rooms.models import Room

Verb = Callable[..., tuple[Room, dict[str, Any]]]


def verb(work: Verb) -> Callable[..., HttpResponse]:
    """A POST of a signed-in person: `work(me, data, …)` returns (room, JSON answer)."""

    @require_POST
    @login_required
    @wraps(work)
    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        assert isinstance(request.user, User)
        room, answer = work(request.user, data(request), *args, **kwargs)
        if wants_json(request):
            return JsonResponse({"room": room.slug, **answer})
        if room.state == "ARCHIVED":
            return redirect("studio")
        return redirect("studio-room", slug=room.slug)

    return view


def wants_json(request: HttpRequest) -> bool:
    return "json" in request.headers.get("Accept", "") and not request.accepts("text/html")


def data(request: HttpRequest) -> Mapping[str, Any]:
    """The body as one mapping, files included. Raises Invalid for JSON that is none."""
    if request.content_type != "application/json":
        fields: dict[str, Any] = {name: request.POST[name] for name in request.POST}
        fields.update(request.FILES.items())
        for name in ("order", "options", "lines", "words"):
            if name in request.POST:
                fields[name] = request.POST.getlist(name)
        return fields
    try:
        value = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Invalid(_("Send a JSON object."), code="bad_json")
    return value


def text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name, "")
    if not isinstance(value, str):
        raise Invalid(_("`%(field)s` must be text.") % {"field": name})
    return value


def number(value: Any, name: str) -> int:
    digits = str(value)
    if isinstance(value, bool) or not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise Invalid(_("`%(field)s` must be a whole number.") % {"field": name})
    return int(digits)


def optional(data: Mapping[str, Any], name: str) -> int | None:
    """A whole number, or None when it is left out or empty."""
    value = data.get(name)
    return None if value in (None, "") else number(value, name)


def moment(data: Mapping[str, Any]) -> Any:
    """`scheduled_at` as an aware time; a datetime-local value is in the server's time zone."""
    written = text(data, "scheduled_at")
    if not written:
        return None
    try:
        found = parse_datetime(written)
    except ValueError:
        found = None
    if found is None:
        raise Invalid(_("Enter the time as 2030-12-31T20:00."), code="bad_time")
    return timezone.make_aware(found) if timezone.is_naive(found) else found
