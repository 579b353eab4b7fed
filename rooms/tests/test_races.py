"""Two hands at once in one room, and the control that shows what the lock is for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from core import clock, deadlines
from rooms import actions
from rooms.actions.locking import locked
from rooms.models import Room, RoomEvent, RoomItem
from rooms.tests import factories as make
from streaming import reports
from supply.models import Stock

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works: Callable[[], Any]) -> None:
    """Run each in a thread with a connection of its own; the first error is raised here."""
    errors: list[BaseException] = []

    def run(work: Callable[[], Any]) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def pin_both(room: Room) -> int:
    """Two tabs pin two items at the same moment; returns how many are pinned afterwards."""
    first, second = RoomItem.objects.filter(room=room).values_list("placement_id", flat=True)
    at_once(
        lambda: actions.pin(room=room, placement_id=first, actor=room.anchor),
        lambda: actions.pin(room=room, placement_id=second, actor=room.anchor),
    )
    return RoomItem.objects.filter(room=room, state="PINNED").count()


def test_two_pins_at_once_leave_one_item_pinned() -> None:
    for _ in range(5):
        assert pin_both(make.live_room(items=2)) == 1


def test_control_without_the_lock_both_would_be_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    both_have_read = threading.Barrier(2, timeout=10)

    def unlocked(room_id: int) -> Room:
        room = Room.objects.select_related("anchor", "stream", "pinned").get(pk=room_id)
        both_have_read.wait()
        return room

    room = make.live_room(items=2)
    monkeypatch.setattr("rooms.actions.goods.locked", unlocked)
    assert pin_both(room) == 2


def test_a_grace_period_that_ends_while_the_room_is_busy_waits_for_nobody() -> None:
    room = make.live_room()
    for report in (reports.record_on_air, reports.record_off_air):
        report(room.stream.key)
        actions.video_changed(stream_key=room.stream.key)
    busy, fired = threading.Event(), threading.Event()

    def hold_the_room() -> None:
        with transaction.atomic():
            locked(room.pk)
            busy.set()
            fired.wait(10)

    def sweep() -> None:
        busy.wait(10)
        deadlines.fire_due()
        fired.set()

    with clock.travel(timedelta(minutes=11)):
        at_once(hold_the_room, sweep)
        room.refresh_from_db()
        assert room.state == "INTERRUPTED"
        with clock.travel(timedelta(seconds=6)):
            deadlines.fire_due()
    room.refresh_from_db()
    assert room.state == "ENDED"


def show_both(room: Room, item: RoomItem, monkeypatch: pytest.MonkeyPatch, real: Any) -> int:
    """Two deliveries of stock changes overlap, the older reads first and writes last."""
    older_has_read, newer_is_done = threading.Event(), threading.Event()
    me = threading.local()
    offer = make.set_stock(item, 7)

    def left(offer_id: int) -> int:
        found = real(offer_id)
        if getattr(me, "older", False):
            older_has_read.set()
            newer_is_done.wait(1)
        return found

    def older() -> None:
        me.older = True
        actions.stock_changed(offer_id=offer)

    def newer() -> None:
        older_has_read.wait(10)
        Stock.objects.filter(offer=offer).update(on_hand=4)
        actions.stock_changed(offer_id=offer)
        newer_is_done.set()

    monkeypatch.setattr("rooms.cards.left", left)
    at_once(older, newer)
    item.refresh_from_db()
    return item.card["variants"][0]["left"]


def test_of_two_stock_changes_the_newer_number_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    from rooms import cards

    room = make.live_room(items=1)
    assert show_both(room, make.first_item(room), monkeypatch, cards.left) == 4
    values = RoomEvent.objects.filter(room=room, type="stock").order_by("seq")
    assert [event.payload["left"] for event in values] == [7, 4]


def test_control_without_the_lock_the_older_number_would_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from rooms import cards

    room = make.live_room(items=1)
    monkeypatch.setattr("rooms.actions.news.locked", lambda pk: Room.objects.get(pk=pk))
    assert show_both(room, make.first_item(room), monkeypatch, cards.left) == 7
