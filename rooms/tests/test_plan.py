"""A scheduled show: its calendar file, and telling each who asked, once, of each thing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from icalendar import Calendar

from accounts.models import User
from core import clock
from core.errors import Conflict
from rooms import actions, reminders
from rooms.models import Reminder, Room
from rooms.tests import factories as make

pytestmark = pytest.mark.django_db


def planned(hours: float = 3, anchor: User | None = None) -> Room:
    anchor = anchor or make.user()
    room = actions.create_room(anchor=anchor, title="Autumn silk")
    return actions.schedule_room(room=room, at=clock.now() + timedelta(hours=hours), actor=anchor)


def entry(client: Client, room: Room) -> Any:
    answer = client.get(f"/rooms/{room.slug}/calendar.ics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/calendar")
    return Calendar.from_ical(answer.content).walk("VEVENT")[0]


def test_the_calendar_file_follows_the_plan(client: Client) -> None:
    room = planned()
    assert room.scheduled_at is not None
    first = entry(client, room)
    assert first.decoded("dtstart").timestamp() == pytest.approx(
        room.scheduled_at.timestamp(), abs=1
    )
    assert str(first["url"]).endswith(f"/rooms/{room.slug}/")
    room = actions.schedule_room(room=room, at=clock.now() + timedelta(hours=9), actor=room.anchor)
    moved = entry(client, room)
    assert moved["uid"] == first["uid"]
    assert moved["sequence"] > first["sequence"]
    assert moved.decoded("dtstart") > first.decoded("dtstart")
    actions.discard_room(room=room, actor=room.anchor)
    gone = entry(client, room)
    assert (str(gone["status"]), gone["uid"]) == ("CANCELLED", first["uid"])
    assert gone["sequence"] > moved["sequence"]


def test_the_same_time_again_is_no_new_plan() -> None:
    room = planned()
    assert room.scheduled_at is not None
    again = actions.schedule_room(room=room, at=room.scheduled_at, actor=room.anchor)
    assert (again.plan_version, again.event_seq) == (room.plan_version, room.event_seq)


def test_a_draft_has_no_calendar_file(client: Client) -> None:
    room = actions.create_room(anchor=make.user(), title="Not yet")
    assert client.get(f"/rooms/{room.slug}/calendar.ics").status_code == 404


def test_each_thing_is_told_once() -> None:
    room, fan = planned(), make.user()
    reminders.remind(room=room, user=fan)
    reminders.remind(room=room, user=fan)
    assert reminders.tell_due() == 0
    with clock.travel(timedelta(hours=2, minutes=51)):
        assert [reminders.tell_due() for _ in range(2)] == [1, 0]
        assert "goes live soon" in mail.outbox[-1].subject
        assert mail.outbox[-1].to == [fan.email]
        assert mail.outbox[-1].attachments
        actions.start_show(room=room, actor=room.anchor)
        assert [reminders.tell_due() for _ in range(2)] == [1, 0]
        assert "is live now" in mail.outbox[-1].subject
    assert len(mail.outbox) == 2


def test_a_show_that_moves_is_told_and_reminded_of_again() -> None:
    room, fan = planned(), make.user()
    reminders.remind(room=room, user=fan)
    with clock.travel(timedelta(hours=2, minutes=51)):
        reminders.tell_due()
        actions.schedule_room(room=room, at=clock.now() + timedelta(hours=5), actor=room.anchor)
        assert reminders.tell_due() == 1
        assert "has moved a show" in mail.outbox[-1].subject
    with clock.travel(timedelta(hours=7, minutes=45)):
        assert reminders.tell_due() == 1
        assert "goes live soon" in mail.outbox[-1].subject
    assert len(mail.outbox) == 3


def test_a_show_that_is_called_off_is_told() -> None:
    room, fan = planned(), make.user()
    reminders.remind(room=room, user=fan)
    actions.discard_room(room=room, actor=room.anchor)
    assert [reminders.tell_due() for _ in range(2)] == [1, 0]
    assert "has called off a show" in mail.outbox[-1].subject


def test_who_asks_in_the_last_minutes_hears_of_the_start_alone() -> None:
    room, fan = planned(hours=0.1), make.user()
    reminders.remind(room=room, user=fan)
    assert reminders.tell_due() == 0
    actions.start_show(room=room, actor=room.anchor)
    assert reminders.tell_due() == 1


def test_a_show_without_a_time_cannot_be_reminded_of() -> None:
    with pytest.raises(Conflict):
        reminders.remind(room=make.live_room(), user=make.user())
    assert not Reminder.objects.exists()


def test_mails_are_in_the_reader_s_language() -> None:
    room, fan = planned(hours=0.1), make.user(language="zh-hans")
    reminders.remind(room=room, user=fan)
    actions.start_show(room=room, actor=room.anchor)
    reminders.tell_due()
    assert room.title in mail.outbox[-1].body
    assert f"/rooms/{room.slug}/" in mail.outbox[-1].body


def together(*jobs: Callable[[], Any]) -> list[Any]:
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            start.wait(5)
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


@pytest.mark.django_db(transaction=True)
def test_several_workers_tell_nobody_twice() -> None:
    room = planned(hours=0.1)
    fans = [make.user() for _ in range(12)]
    for fan in fans:
        reminders.remind(room=room, user=fan)
    actions.start_show(room=room, actor=room.anchor)
    assert sum(together(*[reminders.tell_due] * 4)) == len(fans)
    assert sorted(m.to[0] for m in mail.outbox) == sorted(fan.email for fan in fans)


@pytest.mark.django_db(transaction=True)
def test_control_without_the_claim_workers_tell_people_twice() -> None:
    room, fan = planned(hours=0.1), make.user()
    reminders.remind(room=room, user=fan)
    actions.start_show(room=room, actor=room.anchor)
    looked = threading.Barrier(2)

    def naive() -> int:
        due = list(Reminder.objects.filter(on_air_at__isnull=True))
        looked.wait(5)
        return len(due)

    assert together(naive, naive) == [1, 1]


def test_the_notice_is_on_any_page_until_it_is_put_away(client: Client) -> None:
    room, fan = planned(hours=0.1), make.user()
    client.force_login(fan)
    address = f"/rooms/{room.slug}/reminder/"
    assert client.post(address, {"on": "1"}).status_code == 302
    assert "goes live soon" in client.get("/").content.decode()
    assert client.post(address, {"seen": "1"}).status_code == 302
    assert "goes live soon" not in client.get("/").content.decode()
    actions.start_show(room=room, actor=room.anchor)
    reminders.tell_due()
    assert "is live: Autumn silk" in client.get("/").content.decode()
    assert client.post(address, {"on": "0"}).status_code == 302
    assert not Reminder.objects.exists()


def test_the_room_page_offers_it_before_the_show(client: Client) -> None:
    room, fan = planned(), make.user()
    client.force_login(fan)
    page = client.get(f"/rooms/{room.slug}/").content.decode()
    assert f"/rooms/{room.slug}/reminder/" in page
    assert f"/rooms/{room.slug}/calendar.ics" in page
    guest = Client().post(f"/rooms/{room.slug}/reminder/", {"on": "1"})
    assert guest["Location"].startswith("/accounts/")
    for value in ("", "x", "-1"):
        answer = client.post(f"/rooms/{room.slug}/reminder/", {"on": value})
        assert answer.status_code == 422
    assert not Reminder.objects.exists()
