"""Objections to a sanction."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client

from core import clock
from core.actors import SYSTEM
from core.deadlines import fire_due
from core.errors import Conflict
from core.models import Deadline
from rooms.actions import reports
from rooms.models import (
    Appeal,
    ModerationAction,
)
from rooms.states import APPEAL
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


def answered_at_the_time_out(made: Appeal, caplog: Any) -> list[Any]:
    """An answer holds the appeal while its deadline fires; what went wrong on either side."""
    admin, wrong = make.user(is_staff=True), []
    answering, fired = threading.Event(), threading.Event()

    def answer() -> None:
        try:
            with transaction.atomic():
                Appeal.objects.select_for_update().get(pk=made.pk)
                answering.set()
                fired.wait(1)
                reports.decide_appeal(made=made, actor=admin, lifted=False, answer="No.")
        except OperationalError as error:
            wrong.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=answer)
    other.start()
    assert answering.wait(5)
    with clock.travel(timedelta(hours=73)):
        fire_due()
    fired.set()
    other.join()
    return [*wrong, *(record.exc_info[1] for record in caplog.records if record.exc_info)]


@pytest.mark.django_db(transaction=True)
def test_an_answer_and_the_time_out_at_once_decide_it_once(caplog: Any) -> None:
    given = mute(make.live_room(), make.user())
    made = reports.appeal(given=given, user=given.user, text="Why me?")
    assert answered_at_the_time_out(made, caplog) == []
    given.refresh_from_db()
    made.refresh_from_db()
    assert (made.state, given.stands) == ("UPHELD", True)
    assert not Deadline.objects.filter(machine="rooms.appeal").exists()


@pytest.mark.django_db(transaction=True)
def test_control_a_time_out_that_waits_is_a_deadlock(monkeypatch: Any, caplog: Any) -> None:
    def waits(appeal_id: int) -> None:
        reports._decide(Appeal.objects.get(pk=appeal_id), SYSTEM, None, True, "", why="late")

    monkeypatch.setitem(APPEAL._handlers, "OPEN", waits)
    given = mute(make.live_room(), make.user())
    made = reports.appeal(given=given, user=given.user, text="Why me?")
    wrong = answered_at_the_time_out(made, caplog)
    assert any("deadlock" in str(error) for error in wrong)
