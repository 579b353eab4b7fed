"""What the platform decides about a show: the ladder, and how it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from core import clock
from core.deadlines import fire_due
from core.errors import Conflict, IllegalMove, Invalid
from rooms import actions, feed
from rooms.actions.locking import locked
from rooms.models import ModerationAction, Room, RoomDecision
from rooms.tests import factories as make
from rooms.tests.moderation.people import admin, decide, restored, show_with_picture


@pytest.mark.django_db
def test_a_show_climbs_the_ladder_and_comes_back() -> None:
    room = show_with_picture()
    decide(room, "warn")
    assert (room.state, room.standing) == ("LIVE", "WARNED")
    decide(room, "limit")
    assert (room.state, room.standing) == ("LIVE", "LIMITED")
    decide(room, "suspend")
    assert (room.state, room.standing) == ("SUSPENDED", "LIMITED")
    restored(room)
    assert (room.state, room.standing) == ("LIVE", "GOOD")
    decide(room, "suspend")
    decide(room, "terminate")
    assert room.state == "TERMINATED"
    assert room.ended_at is not None
    told = ModerationAction.objects.filter(room=room, actor_role="admin")
    assert list(told.order_by("id").values_list("what", "reason"))[:3] == [
        ("room_warn", "Counterfeit bags"),
        ("room_limit", "Counterfeit bags"),
        ("room_suspend", "Counterfeit bags"),
    ]


@pytest.mark.django_db
def test_a_decision_needs_a_show_a_kind_and_a_reason() -> None:
    room = make.live_room()
    planned = actions.create_room(anchor=make.user())
    for kind, reason in [("ban", "x"), ("warn", "  "), ("warn", "x" * 301)]:
        with pytest.raises(Invalid):
            decide(room, kind, reason=reason)
    with pytest.raises(Conflict):
        decide(planned, "warn")
    decide(room, "limit")
    with pytest.raises(Conflict):
        decide(room, "limit")
    decide(room, "terminate")
    for kind in RoomDecision.Kind.values:
        with pytest.raises((Conflict, IllegalMove)):
            decide(room, kind)


@pytest.mark.django_db
def test_a_warning_outlasts_an_interruption_of_the_picture() -> None:
    room = make.live_room()
    decide(room, "limit")
    Room.objects.filter(pk=room.pk).update(state="INTERRUPTED")
    room.refresh_from_db()
    assert room.standing == "LIMITED"
    assert room.on_air
    decide(room, "suspend")
    assert room.state == "SUSPENDED"


@pytest.mark.django_db
def test_a_limited_show_is_found_by_its_address_alone(client: Client) -> None:
    room, other = make.live_room(items=1), make.live_room()
    decide(room, "limit")
    assert [tile["id"] for tile in feed.on_air().tiles] == [other.pk]
    assert room.slug not in client.get("/").content.decode()
    assert client.get(f"/rooms/{room.slug}/").status_code == 200


async def test_two_admins_at_once_suspend_one_show_once(watch, db_do) -> None:
    room = await db_do(make.live_room)
    staff = await db_do(admin)

    def suspend() -> str:
        try:
            decide(Room.objects.get(pk=room.pk), "suspend", staff)
        except Conflict:
            return "refused"
        return "done"

    assert sorted(await asyncio.gather(db_do(suspend), db_do(suspend))) == ["done", "refused"]
    assert await db_do(RoomDecision.objects.count) == 1


@pytest.mark.parametrize(("states_guarded", "limits"), [(True, 1), (False, 2)])
async def test_negative_control_without_the_lock_the_states_alone_stop_the_second_admin(
    watch, db_do, monkeypatch, states_guarded, limits
) -> None:
    room = await db_do(make.live_room)
    staff = await db_do(admin)
    both = threading.Barrier(2, timeout=10)

    def read_only(room_id: int) -> Room:
        found = Room.objects.get(pk=room_id)
        both.wait()
        return found

    def overwrite(room: Room, standing: str, **_: Any) -> None:
        Room.objects.filter(pk=room.pk).update(standing=standing)

    monkeypatch.setattr("rooms.actions.standing.locked", read_only)
    if not states_guarded:
        monkeypatch.setattr("rooms.actions.standing.STANDING.move", overwrite)

    def limit() -> None:
        with suppress(Conflict, IllegalMove):
            decide(Room.objects.get(pk=room.pk), "limit", staff)

    await asyncio.gather(db_do(limit), db_do(limit))
    assert await db_do(RoomDecision.objects.count) == limits


# A suspension ends by itself -----------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_suspension_ends_at_its_time_and_the_anchor_goes_on() -> None:
    room = show_with_picture()
    made = decide(room, "suspend", minutes=30)
    with clock.travel(timedelta(minutes=29)):
        fire_due()
        room.refresh_from_db()
        assert room.state == "SUSPENDED"
    with clock.travel(timedelta(minutes=31)):
        fire_due()
    room.refresh_from_db()
    made.refresh_from_db()
    assert (room.state, made.stands, made.ran_out) == ("LIVE", False, True)
    last = ModerationAction.objects.filter(room=room).first()
    assert last is not None
    assert (last.what, last.actor_role, last.reason) == (
        "room_restore",
        "system",
        "its time is over",
    )


@pytest.mark.django_db(transaction=True)
def test_a_show_whose_anchor_does_not_come_back_after_it_is_over() -> None:
    room = make.live_room()
    decide(room, "suspend", minutes=30)
    with clock.travel(timedelta(minutes=31)):
        fire_due()
        room.refresh_from_db()
        assert room.state == "INTERRUPTED"
    with clock.travel(timedelta(minutes=42)):
        fire_due()
        room.refresh_from_db()
        assert room.state == "ENDED"
        assert actions.quick_start(user=room.anchor).pk != room.pk


@pytest.mark.django_db(transaction=True)
def test_a_time_out_waits_for_nobody_and_comes_again() -> None:
    room = make.live_room()
    decide(room, "suspend", minutes=30)
    with clock.travel(timedelta(minutes=31)):
        with held_by_another(room):
            fire_due()
        room.refresh_from_db()
        assert room.state == "SUSPENDED"
    with clock.travel(timedelta(minutes=32)):
        fire_due()
        room.refresh_from_db()
        assert room.state == "INTERRUPTED"


@contextmanager
def held_by_another(room: Room) -> Iterator[None]:
    """Somebody else's transaction has the room's lock."""
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                locked(room.pk)
                held.set()
                done.wait(10)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(5)
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.mark.django_db
@pytest.mark.parametrize("minutes", [0, 9, 30 * 24 * 60 + 1])
def test_a_suspension_has_a_sensible_time(minutes: int) -> None:
    room = make.live_room()
    with pytest.raises(Invalid):
        decide(room, "suspend", minutes=minutes)
    assert not room.decisions.exists()


@pytest.mark.django_db
def test_the_database_refuses_a_suspension_without_an_end() -> None:
    room, staff = make.live_room(), admin()
    with pytest.raises(IntegrityError, match="rooms_decision_suspends_until"):
        RoomDecision.objects.create(room=room, kind="suspend", reason="x", made_by=staff)
