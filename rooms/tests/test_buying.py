"""Buying over the socket: the answers, one key once, never more than there is."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import Any

from django.db import OperationalError, transaction

from core import events
from core.models import OutboxEvent
from orders.events import OrderPaid
from orders.models import Order
from orders.payments.contract import NextAction
from rooms import actions, handlers
from rooms.models import Room, RoomItem
from rooms.snapshot import snapshot
from rooms.tests import factories as make
from supply.models import Stock


def room_with(on_hand: int) -> tuple[Room, RoomItem]:
    room = make.live_room()
    goods = make.listing(on_hand=on_hand)
    return room, actions.add_item(room=room, listing=goods, actor=room.anchor)


def wish(item: RoomItem, key: str, **fields: Any) -> dict[str, Any]:
    variant = item.card["variants"][0]["id"]
    return {
        "t": "buy",
        "key": key,
        "placement": item.placement_id,
        "variant": variant,
        "qty": 1,
        "address": None,
        **fields,
    }


async def test_a_purchase_is_accepted_and_the_room_sees_the_stock(watch, db_do) -> None:
    room, item = await db_do(room_with, 3)
    person = await db_do(make.buyer)
    shopper, guest = await watch(room, person), await watch(room)
    await shopper.send(wish(item, "key-0001", qty=2))
    answer = await shopper.get("order.accepted", key="key-0001")
    assert answer["total"] == {"minor": 19800, "currency": "CNY", "text": "¥198.00"}
    assert answer["payment"]["state"]
    order = await db_do(lambda: Order.objects.get(number=answer["order"]))
    assert order.buyer_id == person.pk
    await db_do(events.deliver_due)
    assert (await guest.get("stock"))["left"] == 1
    assert (await db_do(snapshot, room.pk))["items"][0]["variants"][0]["left"] == 1


async def test_one_key_is_one_order_however_often_it_is_sent(watch, db_do) -> None:
    room, item = await db_do(room_with, 5)
    person = await db_do(make.buyer)
    one, two = await watch(room, person), await watch(room, person)
    await one.send(wish(item, "key-0001"))
    first = await one.get("order.accepted")
    await two.send(wish(item, "key-0001"))
    again = await two.get("order.accepted")
    assert again["order"] == first["order"]
    await one.send(wish(item, "key-0001", qty=2))
    assert (await one.get("error", key="key-0001"))["code"] == "key_reused"
    assert await db_do(Order.objects.count) == 1


async def test_both_tabs_at_once_with_one_key_make_one_order(watch, db_do) -> None:
    room, item = await db_do(room_with, 5)
    person = await db_do(make.buyer)
    tabs = [await watch(room, person) for _ in range(3)]
    await asyncio.gather(*(tab.send(wish(item, "key-0001")) for tab in tabs))
    for tab in tabs:
        await tab.until(lambda tab=tab: tab.all("order.accepted") or tab.all("busy"))
    assert await db_do(Order.objects.count) == 1
    # The control: other keys are other orders.
    await tabs[0].send(wish(item, "key-0002"))
    await tabs[0].get("order.accepted", key="key-0002")
    assert await db_do(Order.objects.count) == 2


async def test_a_crowd_gets_exactly_what_there_is(watch, db_do) -> None:
    room, item = await db_do(room_with, 3)
    crowd = [await watch(room, await db_do(make.buyer)) for _ in range(8)]
    await asyncio.gather(
        *(shopper.send(wish(item, f"key-{n:04}")) for n, shopper in enumerate(crowd))
    )
    for shopper in crowd:
        await shopper.until(lambda s=shopper: s.all("order.accepted") or s.all("sold_out"))
    assert sum(len(shopper.all("order.accepted")) for shopper in crowd) == 3
    assert {e["left"] for shopper in crowd for e in shopper.all("sold_out")} == {0}
    stock = await db_do(Stock.objects.get)
    assert (stock.on_hand, stock.reserved) == (3, 3)


async def test_each_refusal_has_its_own_answer(watch, db_do) -> None:
    room, item = await db_do(room_with, 5)
    person, homeless = await db_do(make.buyer), await db_do(make.user)
    shopper = await watch(room, person)
    await shopper.send(wish(item, "key-much", qty=100))
    assert (await shopper.get("limit", key="key-much"))["detail"]
    await shopper.send(wish(item, "key-none", variant=10**9))
    assert (await shopper.get("error", key="key-none"))["code"] == "not_found"
    await shopper.send(wish(item, "key-addr", address=10**9))
    assert (await shopper.get("error", key="key-addr"))["code"] == "not_found"
    without = await watch(room, homeless)
    await without.send(wish(item, "key-home"))
    assert (await without.get("error", key="key-home"))["code"] == "address_required"
    await db_do(actions.pull_item, room=room, placement_id=item.placement_id, actor=room.anchor)
    await shopper.send(wish(item, "key-gone"))
    assert (await shopper.get("closed", key="key-gone"))["detail"]


async def test_who_hammers_is_told_to_wait(watch, db_do) -> None:
    room, item = await db_do(room_with, 100)
    shopper = await watch(room, await db_do(make.buyer))
    await shopper.send(*(wish(item, f"key-{n:04}") for n in range(14)))
    busy = await shopper.get("busy")
    assert busy["retry_after"] == 1
    await shopper.until(lambda: len(shopper.all("order.accepted")) + len(shopper.all("busy")) == 14)


async def test_a_slow_purchase_stops_nobody_else(watch, db_do, monkeypatch) -> None:
    room, item = await db_do(room_with, 5)
    shopper, guest = await watch(room, await db_do(make.buyer)), await watch(room)
    slow: Future[Any] = Future()
    monkeypatch.setattr("rooms.purchase.ask", lambda *_args: slow)
    await shopper.send(wish(item, "key-slow"))
    await shopper.send({"t": "ping"})
    await shopper.get("pong")
    await guest.send({"t": "ping"})
    await guest.get("pong")
    assert not shopper.all("error")
    slow.set_exception(OperationalError("the database has gone away"))
    assert (await shopper.get("error", key="key-slow"))["code"] == "unavailable"


async def test_the_order_is_answered_before_its_payment_and_told_again_when_it_asks(
    watch, db_do, monkeypatch
) -> None:
    # Given a payment that has to be confirmed elsewhere, at a provider that is slow.
    room, item = await db_do(room_with, 5)
    shopper = await watch(room, await db_do(make.buyer))
    slow: Future[Any] = Future()
    monkeypatch.setattr("rooms.messages.buying.begin_payment", lambda _intent: slow)
    # When it is bought, the order stands at once.
    await shopper.send(wish(item, "key-0001"))
    first = await shopper.get("order.accepted", key="key-0001")
    assert first["payment"] == {"state": "STARTED", "kind": "wait", "url": ""}
    shopper.forget()
    # Then the buyer is told where to go as soon as that is known.
    slow.set_result(("STARTED", NextAction("redirect", "/confirm/")))
    again = await shopper.get("order.accepted", key="key-0001")
    assert again["order"] == first["order"]
    assert again["payment"] == {"state": "STARTED", "kind": "redirect", "url": "/confirm/"}


async def test_a_buyer_who_leaves_finds_the_answer_under_the_key(watch, db_do) -> None:
    room, item = await db_do(room_with, 5)
    person = await db_do(make.buyer)
    shopper = await watch(room, person)
    await shopper.send(wish(item, "key-0001"))
    await asyncio.sleep(0.01)
    await shopper.close()
    back = await watch(room, person)
    for _ in range(20):
        await back.send(wish(item, "key-0001"))
        await back.until(lambda: back.all("order.accepted") or back.all("busy"))
        if back.all("order.accepted"):
            break
        back.forget()
        await asyncio.sleep(0.2)
    assert await db_do(Order.objects.count) == 1


async def test_a_paid_order_is_told_to_its_buyer_and_shown_to_the_room(watch, db_do) -> None:
    room, item = await db_do(room_with, 5)
    person = await db_do(make.buyer, "hanmeimei")
    tabs = [await watch(room, person), await watch(room, person)]
    guest = await watch(room)

    def pay() -> None:
        line = {"placement_id": item.placement_id, "title": "Silk scarf", "quantity": 2}
        with transaction.atomic():
            events.publish(
                OrderPaid(
                    order="A1",
                    buyer_id=person.pk,
                    total_minor=19800,
                    currency="CNY",
                    lines=[line],
                )
            )
        deliver(OrderPaid)

    await db_do(pay)
    for tab in tabs:
        assert (await tab.get("order.paid"))["order"] == "A1"
    ticker = await guest.get("ticker")
    assert (ticker["name"], ticker["qty"]) == ("h***i", 2)
    assert not guest.all("order.paid")


def deliver(kind: type[events.Event]) -> None:
    """Hand the waiting events of one kind to the rooms' handlers alone."""
    for row in OutboxEvent.objects.filter(topic=kind.topic):
        with transaction.atomic():
            handlers.sold(kind(**row.payload))
