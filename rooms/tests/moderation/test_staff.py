"""The staff's pages, and what an anchor may say against a decision."""

from __future__ import annotations

import pytest
from django.test import Client

from core.actors import SYSTEM
from core.deadlines import fire_due
from core.errors import Conflict, NotFound
from core.models import Deadline
from rooms.actions import reports, standing
from rooms.models import Appeal
from rooms.tests import factories as make
from rooms.tests.moderation.people import admin, decide, show_with_picture


@pytest.mark.django_db
def test_the_staff_s_pages_are_not_there_for_anybody_else(client: Client) -> None:
    room = make.live_room()
    made = reports.appeal_decision(made=decide(room, "warn"), user=room.anchor, text="Why?")
    doors = [
        ("get", "/staff/rooms/", {}),
        ("get", f"/staff/rooms/{room.slug}/", {}),
        ("post", f"/staff/rooms/{room.slug}/decide/", {"kind": "terminate", "reason": "x"}),
        ("post", f"/staff/rooms/{room.slug}/restore/", {}),
        ("get", "/staff/appeals/", {}),
        ("post", f"/staff/appeals/{made.pk}/", {"lifted": "1", "answer": "x"}),
    ]
    for method, path, body in doors:
        assert getattr(client, method)(path, body).status_code == 302
    for nobody in (room.anchor, make.user(), make.user(is_staff=True)):
        client.force_login(nobody)
        for method, path, body in doors:
            assert getattr(client, method)(path, body).status_code == 404, (method, path)
    room.refresh_from_db()
    assert (room.state, room.standing) == ("LIVE", "WARNED")
    client.force_login(admin())
    for method, path, _body in doors:
        if method == "get":
            assert client.get(path).status_code == 200
    missing = "/staff/rooms/no-such-room/"
    assert client.get(missing).status_code == 404


@pytest.mark.django_db
def test_an_admin_decides_by_the_page(client: Client) -> None:
    room = make.live_room()
    client.force_login(admin())
    page = f"/staff/rooms/{room.slug}/"
    for kind, state in [("suspend", "SUSPENDED"), ("terminate", "TERMINATED")]:
        answer = client.post(f"{page}decide/", {"kind": kind, "reason": "Fraud"}, follow=True)
        room.refresh_from_db()
        assert room.state == state
        assert "Fraud" in answer.content.decode()
    answer = client.post(f"{page}decide/", {"kind": "warn", "reason": "Late"}, follow=True)
    assert "This show is not on air." in answer.content.decode()


@pytest.mark.django_db
def test_an_anchor_appeals_and_reads_the_answer(client: Client) -> None:
    room = show_with_picture()
    limit, suspension = decide(room, "limit"), decide(room, "suspend")
    client.force_login(room.anchor)
    assert "Counterfeit bags" in client.get("/me/sanctions/").content.decode()
    way = f"/me/sanctions/rooms/{suspension.pk}/appeal/"
    client.post(way, {"text": "They are licensed, see the papers."})
    made = Appeal.objects.get()
    client.post(way, {"text": "Once more"})
    assert Appeal.objects.count() == 1
    client.force_login(admin())
    waiting = client.get("/staff/appeals/").content.decode()
    assert "They are licensed" in waiting
    client.post(f"/staff/appeals/{made.pk}/", {"lifted": "1", "answer": ""})
    made.refresh_from_db()
    assert made.state == "OPEN"
    client.post(f"/staff/appeals/{made.pk}/", {"lifted": "1", "answer": "The papers are in order."})
    room.refresh_from_db()
    limit.refresh_from_db()
    assert (room.state, room.standing) == ("LIVE", "LIMITED")
    assert limit.stands
    client.force_login(room.anchor)
    assert "The papers are in order." in client.get("/me/sanctions/").content.decode()


@pytest.mark.django_db
def test_an_unanswered_appeal_resumes_the_show_and_one_too_late_does_not() -> None:
    room, over = show_with_picture(), make.live_room()
    for shown in (room, over):
        reports.appeal_decision(made=decide(shown, "suspend"), user=shown.anchor, text="Why?")
    decide(over, "terminate")
    Deadline.objects.filter(machine="rooms.appeal").update(due_at="2020-01-01T00:00Z")
    fire_due()
    room.refresh_from_db()
    over.refresh_from_db()
    assert (room.state, over.state) == ("LIVE", "TERMINATED")
    assert {made.state for made in Appeal.objects.all()} == {"LIFTED"}


@pytest.mark.django_db
def test_another_s_decision_cannot_be_appealed() -> None:
    room = make.live_room()
    made = decide(room, "warn")
    with pytest.raises(NotFound):
        reports.appeal_decision(made=made, user=make.user(), text="Why?")
    standing.take_back(made=made, actor=None, mover=SYSTEM)
    with pytest.raises(Conflict):
        reports.appeal_decision(made=made, user=room.anchor, text="Why?")
