"""How somebody joins a crew, helps and leaves."""

from __future__ import annotations

import asyncio

import pytest
from django.test import Client

from core.errors import Conflict, Invalid, NotFound
from rooms import hub
from rooms.actions import crew
from rooms.models import (
    CrewMember,
)
from rooms.permissions import role_in
from rooms.tests import factories as make
from rooms.tests.moderation.people import helper


@pytest.mark.django_db
def test_a_crew_member_is_invited_accepts_helps_and_leaves() -> None:
    room = make.live_room()
    person = make.user()
    member = crew.invite(anchor=room.anchor, who=f"@{person.username.upper()}", role="assistant")
    assert role_in(room.anchor_id, person.pk) == "viewer"
    with pytest.raises(Conflict):
        crew.invite(anchor=room.anchor, who=person.username, role="moderator")
    with pytest.raises(NotFound):
        crew.accept(member_id=member.pk, user=make.user())
    client = Client()
    client.force_login(person)
    assert member.anchor.name in client.get("/studio/crew/").content.decode()
    client.post(f"/studio/crew/{member.pk}/accept/")
    assert role_in(room.anchor_id, person.pk) == "assistant"
    assert room.title in client.get("/studio/").content.decode()
    crew.leave(member_id=member.pk, user=person)
    assert role_in(room.anchor_id, person.pk) == "viewer"
    crew.invite(anchor=room.anchor, who=person.username, role="moderator")


@pytest.mark.django_db
def test_an_address_invites_only_its_verified_owner_and_tells_nothing() -> None:
    from allauth.account.models import EmailAddress

    anchor, person = make.user(), make.user()
    first = crew.invite(anchor=anchor, who=person.email.upper(), role="moderator")
    unknown = crew.invite(anchor=anchor, who="nobody@example.org", role="moderator")
    assert (first.user, unknown.user) == (None, None)
    assert crew.invitations(person) == []
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    assert [found.pk for found in crew.invitations(person)] == [first.pk]
    assert crew.accept(member_id=first.pk, user=person).user == person
    with pytest.raises(Invalid):
        crew.invite(anchor=anchor, who=anchor.email, role="moderator")
    assert CrewMember.objects.at_work().get().user == person


async def test_a_new_moderator_is_one_at_once_and_not_a_moment_longer(watch, db_do) -> None:
    room = await db_do(make.live_room)
    person = await db_do(helper, room, "moderator")
    watcher = await watch(room, person)
    assert (await watcher.get("welcome"))["you"]["role"] == "moderator"
    await watcher.send({"t": "chat", "text": "I look after you"})
    assert (await watcher.get("chat"))["user"]["role"] == "moderator"
    member = await db_do(lambda: CrewMember.objects.get(user=person))
    await db_do(crew.remove, member_id=member.pk, anchor=room.anchor)
    gate = hub.current().channels[room.pk].talk.gate
    async with asyncio.timeout(8):
        while gate.house.role(person.pk) != "viewer":
            await asyncio.sleep(0.05)
    await watcher.send({"t": "chat", "text": "and now?"})
    assert (await watcher.get("chat", text="and now?"))["user"]["role"] == "viewer"
