"""The anchor's side of a decision about a show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import path

from accounts.models import User
from rooms.actions import standing
from rooms.models import Room
from rooms.permissions import room_for
from rooms.views.verbs import number, verb


@verb
def read(me: User, data: Mapping[str, Any], slug: str) -> tuple[Room, dict[str, Any]]:
    """`decision`: its id; it is not shown on the console any more."""
    room = room_for(me, slug, "run_show")
    decision = number(data.get("decision"), "decision")
    standing.acknowledge(room=room, decision_id=decision, actor=me)
    return room, {}


urls = [path("studio/<slug:slug>/standing/read/", read, name="studio-standing-read")]
