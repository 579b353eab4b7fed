"""One page: a template with the room's snapshot, which is held in memory."""

import json
from functools import cache

from django.conf import settings
from django.shortcuts import render
from django.urls import path


@cache
def snapshot():
    return json.loads((settings.PAGES / "snapshot.json").read_text())


def room(request, room_name):
    return render(request, "room.html", {"room_name": room_name, "snapshot": snapshot()})


urlpatterns = [path("rooms/<slug:room_name>/", room)]
