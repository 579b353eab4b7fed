"""The order ticker."""

from __future__ import annotations

from typing import Any

import pytest

from rooms import actions
from rooms.tests import factories as make
from rooms.tests.conftest import Watch

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
async def test_a_rush_is_told_as_a_sum(watch: Watch, db_do: Any) -> None:
    room = await db_do(lambda: make.live_room(items=1))
    viewer = await watch(room)

    def sell() -> None:
        placement = make.first_item(room).placement_id
        line = {"placement_id": placement, "title": "Silk", "quantity": 2}
        for number in range(40):
            actions.order_paid(order=f"A{number}", buyer_id=room.anchor_id, lines=[line])

    await db_do(sell)
    await viewer.until(
        lambda: len(viewer.all("ticker")) * 2 + sum(e["n"] for e in viewer.all("bought")) == 80
    )
    assert 5 <= len(viewer.all("ticker")) < 40


def test_the_anchor_switches_the_ticker_off() -> None:
    room = make.live_room(items=1)
    line = {
        "placement_id": make.first_item(room).placement_id, "title": "Silk", "quantity": 1,
    }  # fmt: skip
    actions.show_ticker(room=room, on=False, actor=room.anchor)
    actions.order_paid(order="A1", buyer_id=room.anchor_id, lines=[line])
    assert not room.events.filter(type="ticker").exists()
    actions.show_ticker(room=room, on=True, actor=room.anchor)
    actions.order_paid(order="A2", buyer_id=room.anchor_id, lines=[line])
    assert room.events.filter(type="ticker").count() == 1
