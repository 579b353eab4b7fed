"""What a crew may do, on whom, and by which pages."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from core.errors import Forbidden, NotFound
from rooms.actions import moderation
from rooms.permissions import TABLE, allowed, may, role_in, room_for
from rooms.tests import factories as make
from rooms.tests.moderation.people import cast

ROLES = ("anchor", "assistant", "moderator", "viewer")


@pytest.mark.django_db
def test_every_role_gets_exactly_what_the_table_says() -> None:
    room = make.live_room()
    people = cast(room)
    stranger_s = make.live_room()
    for role, person in people.items():
        assert role_in(room.anchor_id, person.pk) == role
        for action, roles in TABLE.items():
            assert may(role, action) == (role in roles)
            if role in roles:
                assert room_for(person, room.slug, action).my_role == role
            else:
                with pytest.raises(NotFound if role == "viewer" else Forbidden):
                    room_for(person, room.slug, action)
            with pytest.raises(NotFound):
                room_for(person, stranger_s.slug, action)
    assert allowed("viewer") == frozenset()


MODERATE = [
    ("moderate/", "GET", {}),
    ("moderate/state/", "GET", {}),
    ("moderate/remove/", "POST", {"lines": ["1.x"]}),
    ("moderate/bring-back/", "POST", {"line": "1.x"}),
    ("moderate/refuse/", "POST", {"line": "1.x"}),
    ("moderate/sanction/", "POST", {"user": 0, "kind": "mute"}),
    ("moderate/lift/", "POST", {"sanction": 0}),
    ("moderate/rules/", "POST", {"slow_seconds": 5}),
    ("moderate/words/", "POST", {"words": ["x"]}),
    ("moderate/report/", "POST", {"report": 0}),
]


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_the_pages_of_moderation_ask_for_the_role(role: str) -> None:
    room = make.live_room()
    client = Client()
    client.force_login(cast(room)[role])
    for tail, method, body in MODERATE:
        answer = client.generic(
            method,
            f"/studio/{room.slug}/{tail}",
            json.dumps(body),
            "application/json",
            headers={"accept": "application/json" if method == "POST" else "text/html"},
        )
        words_for_moderator = role == "moderator" and "words" in tail
        if role == "viewer":
            assert answer.status_code == 404, tail
        elif words_for_moderator:
            assert answer.status_code == 403, tail
        else:
            # Past the door: what follows is about the object.
            assert answer.status_code in {200, 404}, (tail, answer.content)


@pytest.mark.django_db
def test_nobody_sanctions_the_anchor_or_their_equals() -> None:
    room = make.live_room()
    people = cast(room)
    rank = {role: index for index, role in enumerate(reversed(ROLES))}
    for role, actor in people.items():
        for target_role, target in people.items():
            if role == "viewer" or actor == target:
                continue
            attempt = {"room": room, "actor": actor, "role": role, "target": target, "kind": "mute"}
            if rank[role] > rank[target_role]:
                moderation.sanction(**attempt, minutes=5)
            else:
                with pytest.raises(Forbidden):
                    moderation.sanction(**attempt, minutes=5)
