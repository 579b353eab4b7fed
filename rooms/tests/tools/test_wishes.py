"""Wishes ("please explain this item") are counted for the anchor."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from rooms import actions, asks
from rooms.tests import factories as make
from rooms.tests.client import Watcher
from rooms.tests.conftest import Watch

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
async def test_wishes_are_counted_for_the_anchor_and_end_with_the_pin(
    watch: Watch, db_do: Any
) -> None:
    room = await db_do(lambda: make.live_room(items=2))
    item = await db_do(lambda: make.first_item(room))
    member, guest = await watch(room, await db_do(make.user)), await watch(room)

    async def twice(socket: Watcher) -> None:
        await socket.until(lambda: len(socket.all("asked")) == 2)

    for socket in (member, guest):
        for _ in range(2):
            await socket.send({"t": "ask", "placement": item.placement_id})
        await twice(socket)
    assert await db_do(lambda: asks.counts(room.pk)) == {item.placement_id: 2}

    def as_anchor() -> Any:
        client = Client()
        client.force_login(room.anchor)
        return client.get(f"/studio/{room.slug}/numbers/").json()["asks"]

    assert await db_do(as_anchor) == {str(item.placement_id): 2}
    # Nobody but the anchor is told.
    assert not any("asks" in event for event in guest.events)
    await db_do(lambda: actions.pin(room=room, placement_id=item.placement_id, actor=room.anchor))
    assert await db_do(lambda: asks.counts(room.pk)) == {}


@pytest.mark.django_db(transaction=True)
async def test_a_wish_for_what_is_not_there_is_not_counted(watch: Watch, db_do: Any) -> None:
    room = await db_do(make.live_room)
    viewer = await watch(room)
    await viewer.send({"t": "ask", "placement": 999_999})
    await viewer.get("error", code="not_found")
    assert await db_do(lambda: asks.counts(room.pk)) == {}
