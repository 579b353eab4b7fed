"""Who may use which tool."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from core import clock
from rooms.models import CrewMember, Poll, Room
from rooms.tests import factories as make

pytestmark = pytest.mark.django_db


def helper(room: Room, role: str) -> Client:
    person = make.user()
    CrewMember.objects.create(anchor=room.anchor, user=person, role=role, accepted_at=clock.now())
    client = Client()
    client.force_login(person)
    return client


def test_the_crew_uses_tools_by_its_roles() -> None:
    room = make.live_room()
    assistant, moderator = helper(room, "assistant"), helper(room, "moderator")
    stranger = Client()
    stranger.force_login(make.user())
    ask = {"Accept": "application/json"}

    def post(client: Client, tool: str, **data: Any) -> int:
        address = f"/studio/{room.slug}/{tool}/"
        return client.post(address, data, content_type="application/json", headers=ask).status_code

    poll = {"question": "Again?", "options": ["Yes", "No"], "seconds": 60}
    assert post(moderator, "notice", text="Be kind") == 200
    assert post(moderator, "notice/down") == 200
    assert post(moderator, "poll", **poll) == 403
    assert post(moderator, "ticker", on=0) == 403
    assert post(assistant, "poll", **poll) == 200
    assert post(assistant, "poll/close", poll=Poll.objects.get().pk) == 200
    assert post(assistant, "poll/down") == 200
    assert post(assistant, "ticker", on=0) == 200
    for tool in ("notice", "notice/down", "poll", "poll/close", "poll/down", "ticker"):
        assert post(stranger, tool, text="x") == 404
