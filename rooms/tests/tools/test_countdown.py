"""A pin with a countdown."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import clock, deadlines
from core.errors import Invalid
from rooms import actions
from rooms.snapshot import snapshot
from rooms.tests import factories as make
from rooms.tests.tools.board import board

pytestmark = pytest.mark.django_db


def test_a_pin_with_a_countdown_is_taken_off_by_itself() -> None:
    room = make.live_room(items=1)
    item = make.first_item(room)
    actions.pin(room=room, placement_id=item.placement_id, actor=room.anchor, seconds=30)
    timer = board(room)["pin_timer"]
    assert timer["placement"] == item.placement_id
    assert deadlines.fire_due() == 0
    with clock.travel(timedelta(seconds=31)):
        deadlines.fire_due()
    state = snapshot(room.pk)
    assert (state["pinned"], state["board"], state["items"][0]["state"]) == (None, {}, "EXPLAINED")


def test_the_countdown_goes_on_when_the_item_sells_out() -> None:
    room = make.live_room(items=1)
    item = make.first_item(room)
    actions.pin(room=room, placement_id=item.placement_id, actor=room.anchor, seconds=30)
    actions.stock_changed(offer_id=make.set_stock(item, 0))
    assert snapshot(room.pk)["pinned"] == item.placement_id
    with clock.travel(timedelta(seconds=31)):
        deadlines.fire_due()
    assert snapshot(room.pk)["pinned"] is None


def test_another_pin_or_none_ends_the_countdown() -> None:
    room = make.live_room(items=2)
    first, second = (item.placement_id for item in room.items.order_by("position"))
    actions.pin(room=room, placement_id=first, actor=room.anchor, seconds=30)
    actions.pin(room=room, placement_id=second, actor=room.anchor)
    assert "pin_timer" not in board(room)
    with clock.travel(timedelta(seconds=31)):
        deadlines.fire_due()
    assert snapshot(room.pk)["pinned"] == second


def test_pinning_again_sets_the_countdown_anew() -> None:
    room = make.live_room(items=1)
    placement = make.first_item(room).placement_id
    actions.pin(room=room, placement_id=placement, actor=room.anchor, seconds=30)
    actions.pin(room=room, placement_id=placement, actor=room.anchor, seconds=300)
    with clock.travel(timedelta(seconds=31)):
        deadlines.fire_due()
    assert snapshot(room.pk)["pinned"] == placement
    actions.pin(room=room, placement_id=placement, actor=room.anchor)
    assert "pin_timer" not in board(room)


@pytest.mark.parametrize("seconds", [9, 601])
def test_a_countdown_has_bounds(seconds: int) -> None:
    room = make.live_room(items=1)
    item = make.first_item(room)
    with pytest.raises(Invalid):
        actions.pin(room=room, placement_id=item.placement_id, actor=room.anchor, seconds=seconds)
