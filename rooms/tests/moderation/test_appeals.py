"""Objections to a sanction."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from core import clock
from core.deadlines import fire_due
from core.errors import Conflict
from core.models import Deadline
from rooms.actions import reports
from rooms.models import (
    Appeal,
    ModerationAction,
)
from rooms.tests import factories as make
from rooms.tests.moderation.people import mute


@pytest.mark.django_db
def test_an_appeal_is_decided_by_an_admin() -> None:
    room = make.live_room()
    person, admin = make.user(), make.user(is_staff=True)
    given = mute(room, person)
    client = Client()
    client.force_login(person)
    client.post(f"/me/sanctions/{given.pk}/appeal/", {"text": "It was my brother."})
    made = Appeal.objects.get()
    with pytest.raises(Conflict):
        reports.appeal(given=given, user=person, text="again")
    reports.decide_appeal(made=made, actor=admin, lifted=False, answer="No brother was seen.")
    given.refresh_from_db()
    assert given.stands
    assert not Deadline.objects.filter(machine="rooms.appeal").exists()
    assert "No brother was seen." in client.get("/me/sanctions/").content.decode()
    with pytest.raises(Conflict):
        reports.decide_appeal(made=made, actor=admin, lifted=True, answer="Again.")


@pytest.mark.django_db
def test_another_s_sanction_is_not_there() -> None:
    given = mute(make.live_room(), make.user())
    client = Client()
    client.force_login(make.user())
    assert client.post(f"/me/sanctions/{given.pk}/appeal/", {"text": "x"}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_an_appeal_that_nobody_answers_is_won() -> None:
    given = mute(make.live_room(), make.user())
    made = reports.appeal(given=given, user=given.user, text="Why me?")
    fire_due()
    given.refresh_from_db()
    assert given.stands
    with clock.travel(timedelta(hours=73)):
        fire_due()
    given.refresh_from_db()
    made.refresh_from_db()
    assert made.state == "LIFTED"
    assert not given.stands
    assert "appeal_lifted" in ModerationAction.objects.values_list("what", flat=True)
