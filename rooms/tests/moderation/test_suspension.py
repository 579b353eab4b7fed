"""What a suspension stops, and who is told of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from core.errors import Conflict
from core.models import Deadline
from orders.actions import Wanted, place_order
from orders.models import Order
from rooms import actions, purchase
from rooms.models import Room
from rooms.snapshot import fold, snapshot
from rooms.tests import factories as make
from rooms.tests.moderation.people import decide, restored
from streaming import actions as streaming


def wish(room: Room, key: str) -> dict[str, Any]:
    item = make.first_item(room)
    return {
        "key": key,
        "placement": item.placement_id,
        "variant": item.card["variants"][0]["id"],
        "qty": 1,
        "address": None,
        "flash": None,
        "total": None,
        "coupon": None,
    }


@pytest.mark.django_db
def test_nothing_is_sold_in_a_suspended_room_and_orders_stay() -> None:
    room, buyer = make.live_room(items=1), make.buyer()
    before = purchase.buy_alone(buyer.pk, wish(room, "before-it"), "en")
    assert before["t"] == "order.accepted"
    kept = list(Order.objects.values()), list(Order.objects.get().lines.values())
    decide(room, "suspend")
    answer = purchase.buy_alone(buyer.pk, wish(room, "after-it"), "en")
    assert answer["t"] == "closed"
    assert answer["detail"].startswith("The platform has stopped sales in this room.")
    with pytest.raises(Conflict) as refused:
        place_order(
            buyer=buyer,
            address=None,
            lines=[
                Wanted(
                    quantity=1,
                    placement_id=wish(room, "x")["placement"],
                    variant_id=wish(room, "x")["variant"],
                )
            ],
            key="by-http-now",
            source="test",
        )
    assert refused.value.code == "closed"
    assert (list(Order.objects.values()), list(Order.objects.get().lines.values())) == kept
    restored(room)
    assert purchase.buy_alone(buyer.pk, wish(room, "resumed-it"), "en")["t"] == "order.accepted"


@pytest.mark.django_db
def test_the_stream_stops_and_its_owner_gets_no_new_grant_until_it_is_resumed() -> None:
    room = make.live_room()
    assert room.stream is not None
    streaming.grant_publish(stream=room.stream, user=room.anchor)
    decide(room, "suspend")
    room.stream.refresh_from_db()
    assert room.stream.revoked_epoch == room.stream.epoch == 1
    with pytest.raises(Conflict) as refused:
        streaming.grant_publish(stream=room.stream, user=room.anchor)
    assert refused.value.code == "held"
    assert snapshot(room.pk)["video"]["sources"] == []
    restored(room)
    assert actions.go_live(room=room, anchor=room.anchor).epoch == 2


@pytest.mark.django_db
def test_a_suspended_anchor_opens_no_second_show_instead() -> None:
    room = make.live_room()
    decide(room, "suspend")
    with pytest.raises(Conflict) as refused:
        actions.quick_start(user=room.anchor)
    assert refused.value.code == "suspended"
    decide(room, "terminate")
    assert actions.quick_start(user=room.anchor).state == "LIVE"


@pytest.mark.django_db
def test_the_shelf_is_kept_in_step_while_nothing_is_sold() -> None:
    room = make.live_room(items=1)
    item = make.first_item(room)
    decide(room, "suspend")
    actions.stock_changed(offer_id=make.set_stock(item, 3))
    item.refresh_from_db()
    assert item.card["variants"][0]["left"] == 3


@pytest.mark.django_db
def test_a_resumed_show_whose_picture_is_gone_waits_for_its_anchor() -> None:
    room = make.live_room()
    decide(room, "suspend")
    Room.objects.filter(pk=room.pk).update(video_state="away")
    restored(room)
    assert room.state == "INTERRUPTED"
    assert Deadline.objects.filter(machine="rooms.room", object_id=room.pk).exists()


@pytest.mark.django_db
def test_the_page_says_what_happened(client: Client) -> None:
    room = make.live_room(items=1)
    decide(room, "suspend", reason="Not for viewers")
    page = client.get(f"/rooms/{room.slug}/").content.decode()
    assert "The platform has suspended this show" in page
    assert "Not for viewers" not in page
    decide(room, "terminate")
    assert "The platform has ended this show" in client.get(f"/rooms/{room.slug}/").content.decode()
    assert client.get(f"/rooms/{room.slug}/replay/").status_code == 302


async def test_viewers_and_anchor_hear_of_it_and_the_fold_is_the_snapshot(watch, db_do) -> None:
    room = await db_do(make.live_room, items=1)
    start = await db_do(snapshot, room.pk)
    viewer = await watch(room)
    anchor = await watch(room, room.anchor)
    await viewer.get("welcome")
    await anchor.get("welcome")

    await db_do(decide, room, "warn")
    await anchor.get("mod", what="standing")
    await db_do(decide, room, "suspend")
    assert await viewer.get("room.state", state="SUSPENDED")
    await anchor.send({"t": "chat", "id": "x1", "text": "Why?"})
    assert (await anchor.get("error"))["code"] == "chat_closed"
    await db_do(restored, room)
    assert await viewer.get("room.state", state="LIVE")
    await db_do(decide, room, "terminate")
    assert await viewer.get("room.state", state="TERMINATED")
    assert await viewer.get("video", state="ended")

    assert not [event for event in viewer.events if event["t"] == "mod"]
    state = start
    for event in viewer.events:
        state = fold(state, event)
    now = await db_do(snapshot, room.pk)
    for name in ("s", "room", "items", "pinned", "board"):
        assert state[name] == now[name]
    assert state["video"]["state"] == now["video"]["state"]


@pytest.mark.django_db
def test_the_console_shows_a_decision_until_its_anchor_has_read_it(client: Client) -> None:
    room, helper = make.live_room(), make.user()
    made = decide(room, "warn", reason="No proof of brand")
    client.force_login(room.anchor)
    console = f"/studio/{room.slug}/"
    assert "No proof of brand" in client.get(console).content.decode()
    shown = client.get(f"{console}numbers/").json()["decisions"]
    assert [(row["kind"], row["reason"]) for row in shown] == [("warn", "No proof of brand")]
    read = f"{console}standing/read/"
    foreign = decide(make.live_room(), "warn")
    assert client.post(read, {"decision": foreign.pk}).status_code == 404
    assert client.post(read, {"decision": made.pk}).status_code == 302
    assert client.get(f"{console}numbers/").json()["decisions"] == []
    made.refresh_from_db()
    assert made.read_at is not None
    assert made.stands
    client.force_login(helper)
    assert client.post(read, {"decision": made.pk}).status_code == 404
