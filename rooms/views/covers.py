"""The cover of one's own room."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.errors import Invalid
from rooms import actions, cards
from rooms.models import Room
from rooms.permissions import room_for
from rooms.views.verbs import wants_json


@require_POST
@login_required
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """`cover`: a picture (JPEG, PNG or WebP, at most 10 MB); or `remove`: 1. Back to the studio."""
    room = room_for(request.user, slug, "schedule")
    if request.POST.get("remove"):
        room = actions.remove_cover(room=room)
    elif picture := request.FILES.get("cover"):
        room = actions.set_cover(room=room, picture=picture)
    else:
        raise Invalid(_("Choose a picture first."), code="no_picture")
    if wants_json(request):
        return JsonResponse({"cover": cover_of(room)})
    messages.success(
        request, _("The cover is saved.") if room.cover_key else _("The cover is gone.")
    )
    return redirect("studio")


def cover_of(room: Room) -> dict[str, str] | None:
    """{src, srcset, alt} of the room's own cover, or None."""
    return cards.cover(room.cover_key, room.title) if room.cover_key else None


urls = [path("studio/<slug:slug>/cover/", change, name="studio-cover")]
