"""Mails about what was decided: to whom, in which language, once, whatever dies in between."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends import locmem
from django.db import connection, transaction

from core import clock
from core.deadlines import fire_due
from rooms import letters
from rooms.actions import moderation, reports
from rooms.models import Appeal, Letter
from rooms.tests import factories as make
from rooms.tests.moderation.people import admin, decide, mute, restored


def subjects() -> list[str]:
    return [sent.subject.removeprefix("[Liveshop] ") for sent in mail.outbox]


# To whom, and what ---------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_anchor_reads_every_decision_with_its_reason_and_the_way_to_appeal() -> None:
    room = make.live_room()
    for kind in ("warn", "limit", "suspend", "terminate"):
        decide(room, kind, reason=f"Reason of {kind}")
    assert letters.send_due() == 4
    assert subjects() == [
        "The platform warns you about “Evening of silk”",
        "The platform has limited “Evening of silk”",
        "The platform has suspended “Evening of silk”",
        "The platform has ended “Evening of silk”",
    ]
    for sent, kind in zip(mail.outbox, ("warn", "limit", "suspend", "terminate"), strict=True):
        assert sent.to == [room.anchor.email]
        assert f"Reason of {kind}" in sent.body
        assert "/me/sanctions/" in sent.body
    assert "The suspension ends at" in mail.outbox[2].body


@pytest.mark.django_db
def test_a_suspension_that_is_over_is_told_once() -> None:
    room = make.live_room()
    decide(room, "limit")
    decide(room, "suspend")
    letters.send_due()
    restored(room)
    assert [letters.send_due() for _ in range(2)] == [1, 0]
    assert subjects()[-1] == "“Evening of silk” may go on"


@pytest.mark.django_db(transaction=True)
def test_a_suspension_that_ran_out_is_told() -> None:
    room = make.live_room()
    decide(room, "suspend", minutes=10)
    letters.send_due()
    with clock.travel(timedelta(minutes=11)):
        fire_due()
        assert letters.send_due() == 1
    assert subjects()[-1] == "“Evening of silk” may go on"
    assert "within 10 minutes" in mail.outbox[-1].body


@pytest.mark.django_db
def test_a_sanction_is_mailed_if_it_lasts() -> None:
    room, person = make.live_room(), make.user()
    mute(room, person, minutes=60)
    assert letters.send_due() == 0
    mute(room, person, minutes=3 * 24 * 60, reason="advertising")
    mute(room, person, kind="ban")
    assert letters.send_due() == 2
    name = room.anchor.name
    assert subjects() == [
        f"You may not write in the rooms of {name}",
        f"You may not enter the rooms of {name}",
    ]
    assert {tuple(sent.to) for sent in mail.outbox} == {(person.email,)}
    assert "advertising" in mail.outbox[0].body
    assert "It has no end." in mail.outbox[1].body


@pytest.mark.django_db
def test_a_sanction_that_was_lifted_before_its_mail_went_is_not_mailed() -> None:
    room = make.live_room()
    given = mute(room, make.user(), kind="ban")
    moderation.lift(given=given, actor=room.anchor, role="anchor")
    assert letters.send_due() == 0
    assert not Letter.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("lifted", "subject"),
    [(True, "Your appeal was granted"), (False, "Your appeal was refused")],
)
def test_who_appealed_is_sent_the_answer(lifted: bool, subject: str) -> None:
    room = make.live_room()
    made = reports.appeal_decision(made=decide(room, "suspend"), user=room.anchor, text="Why?")
    letters.send_due()
    reports.decide_appeal(made=made, actor=admin(), lifted=lifted, answer="The papers were read.")
    assert letters.send_due() == 1
    assert subjects()[-1] == subject
    assert "The papers were read." in mail.outbox[-1].body


@pytest.mark.django_db(transaction=True)
def test_who_was_not_answered_is_told_that_they_won() -> None:
    given = mute(make.live_room(), make.user(), minutes=10 * 24 * 60)
    reports.appeal(given=given, user=given.user, text="Why me?")
    letters.send_due()
    with clock.travel(timedelta(hours=73)):
        fire_due()
        letters.send_due()
    assert Appeal.objects.get().state == "LIFTED"
    assert subjects()[-1] == "Your appeal was granted"
    assert "Nobody answered in time" in mail.outbox[-1].body


@pytest.mark.django_db
def test_a_mail_is_in_the_language_of_its_reader() -> None:
    for language in ("zh-hans", "en", ""):
        decide(make.live_room(make.user(language=language)), "suspend")
    letters.send_due()
    assert ["年" in sent.body for sent in mail.outbox] == [True, False, False]


@pytest.mark.django_db
def test_who_has_no_address_is_owed_nothing() -> None:
    decide(make.live_room(), "warn")
    anchor = make.live_room().anchor
    anchor.email = ""
    anchor.save(update_fields=["email"])
    decide(anchor.rooms.get(), "warn")
    assert letters.send_due() == 1


@pytest.mark.django_db
def test_what_did_not_happen_is_not_mailed() -> None:
    room = make.live_room()

    with transaction.atomic():
        decide(room, "warn")
        transaction.set_rollback(True)
    assert letters.send_due() == 0


# Once, whatever dies -------------------------------------------------------------------------


class Killed(BaseException):
    """The process is gone: no `except Exception` catches it."""


def dies(*_args: Any, **_named: Any) -> Any:
    raise Killed


@pytest.mark.django_db
def test_a_sender_that_dies_leaves_its_letter_to_the_next(monkeypatch: Any) -> None:
    decide(make.live_room(), "warn")
    with monkeypatch.context() as patched:
        patched.setattr(locmem.EmailBackend, "send_messages", dies)
        with pytest.raises(Killed):
            letters.send_due()
    assert mail.outbox == []
    assert letters.send_due() == 0
    with clock.travel(letters.CLAIM + timedelta(seconds=1)):
        assert [letters.send_due() for _ in range(2)] == [1, 0]
    assert len(mail.outbox) == 1


@pytest.mark.django_db
def test_a_letter_mailed_twice_is_one_message(monkeypatch: Any) -> None:
    # Killed between the mail server's yes and the mark: the one gap that cannot be closed.
    decide(make.live_room(), "warn")
    send = locmem.EmailBackend.send_messages

    def accepted_then_dies(backend: Any, messages: Any) -> int:
        send(backend, messages)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(locmem.EmailBackend, "send_messages", accepted_then_dies)
        with pytest.raises(Killed):
            letters.send_due()
    with clock.travel(letters.CLAIM + timedelta(seconds=1)):
        letters.send_due()
    ids = [sent.message()["Message-ID"] for sent in mail.outbox]
    assert len(ids) == 2
    assert len(set(ids)) == 1


@pytest.mark.django_db
def test_a_mail_server_that_is_away_is_asked_again_ever_more_rarely(monkeypatch: Any) -> None:
    decide(make.live_room(), "warn")
    decide(make.live_room(), "warn")
    asked: list[int] = []

    def away(_backend: Any, messages: Any) -> int:
        asked.append(len(messages))
        raise ConnectionRefusedError

    with monkeypatch.context() as patched:
        patched.setattr(locmem.EmailBackend, "send_messages", away)
        assert letters.send_due() == 0
        with clock.travel(timedelta(minutes=3)):
            letters.send_due()
        with clock.travel(timedelta(minutes=4)):
            letters.send_due()
    assert asked == [1, 1, 1, 1]
    with clock.travel(timedelta(minutes=8)):
        assert letters.send_due() == 2


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
def test_several_workers_mail_nobody_twice() -> None:
    rooms = [make.live_room() for _ in range(12)]
    for room in rooms:
        decide(room, "warn")
    assert sum(together(*[letters.send_due] * 4)) == len(rooms)
    assert sorted(sent.to[0] for sent in mail.outbox) == sorted(r.anchor.email for r in rooms)


@pytest.mark.django_db(transaction=True)
def test_control_without_the_claim_workers_mail_twice(monkeypatch: Any) -> None:
    decide(make.live_room(), "warn")
    letter, both = Letter.objects.get(), threading.Barrier(2)

    def unclaimed() -> int:
        both.wait(5)
        return letters._send(letter)

    assert sum(together(unclaimed, unclaimed)) == 2
    assert len(mail.outbox) == 2
