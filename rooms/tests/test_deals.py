"""Flash sales and coupons as a room shows them and its viewers take them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from core import clock, events
from core.actors import acting
from core.deadlines import fire_due
from core.errors import Conflict, NotFound
from orders import actions as orders
from orders.audit import findings
from orders.models import Order
from promotion.models import Coupon, FlashSale
from rooms import actions, deals
from rooms.models import CrewMember, Room, RoomItem
from rooms.snapshot import snapshot
from rooms.tests import factories as make
from rooms.tests.test_buying import room_with, wish


def running() -> Any:
    return clock.travel(timedelta(seconds=4))


def deliver() -> None:
    for _ in range(4):
        events.deliver_due()


def board(room: Room) -> dict[str, Any]:
    found: dict[str, Any] = snapshot(room.pk)["board"]
    return found


@given(st.integers(1, 100_000), st.data())
def test_what_is_left_is_told_in_few_steps_never_too_little_and_exactly_at_the_end(
    of: int, data: Any
) -> None:
    left = data.draw(st.integers(0, of))
    shown = deals.shown_left(left, of)
    assert left <= shown <= of
    assert shown - left < max(1, of // 100)
    if left <= deals.TOLD_EXACTLY:
        assert shown == left


async def test_all_viewers_see_the_same_sale_before_it_begins(watch, db_do) -> None:
    room, item = await db_do(room_with, 5)
    viewers = [await watch(room), await watch(room)]
    sale = await db_do(lambda: make.flash(room, item))
    values = [await viewer.get("board", key="flash") for viewer in viewers]
    assert values[0] == values[1]
    value = values[0]["value"]
    variant = item.card["variants"][0]["id"]
    assert value == {
        "id": sale.pk,
        "placement": item.placement_id,
        "variants": [
            {"id": variant, "minor": 7000, "currency": "CNY", "text": "¥70.00", "was": "¥99.00"}
        ],
        "quantity": 2,
        "left": 2,
        "limit": 1,
        "starts_at": int(sale.starts_at.timestamp() * 1000),
        "ends_at": int(sale.ends_at.timestamp() * 1000),
    }
    assert value["ends_at"] - value["starts_at"] == 60_000
    assert (await db_do(snapshot, room.pk))["board"]["flash"] == value


async def test_the_socket_sells_at_the_flash_price_and_answers_each_refusal(watch, db_do) -> None:
    room, item = await db_do(room_with, 9)
    sale = await db_do(lambda: make.flash(room, item))
    people = [await db_do(make.buyer) for _ in range(3)]
    one, two, three = [await watch(room, person) for person in people]
    await one.send(wish(item, "too-early", flash=sale.pk))
    assert (await one.get("price_changed", key="too-early"))["detail"]
    with running():
        await one.send(wish(item, "flash-01", flash=sale.pk, total=7000))
        assert (await one.get("order.accepted", key="flash-01"))["total"]["minor"] == 7000
        await one.send(wish(item, "flash-02", flash=sale.pk))
        limit = await one.get("limit", key="flash-02")
        assert limit["flash"] == sale.pk
        await two.send(wish(item, "flash-03", flash=sale.pk))
        await two.get("order.accepted", key="flash-03")
        await three.send(wish(item, "flash-04", flash=sale.pk, total=7000))
        gone = await three.get("sold_out", key="flash-04")
        assert (gone["flash"], gone["left"], gone["price"]["minor"]) == (sale.pk, 0, 9900)
        await three.send(wish(item, "flash-05", total=7000))
        await three.get("price_changed", key="flash-05")
        await three.send(wish(item, "flash-06", total=9900))
        assert (await three.get("order.accepted", key="flash-06"))["total"]["minor"] == 9900
        await db_do(deliver)
        assert (await db_do(board, room))["flash"]["left"] == 0
    sale = await db_do(lambda: FlashSale.objects.get())
    assert (sale.state, sale.sold) == ("SOLD_OUT", 2)
    assert await db_do(findings) == []


@pytest.mark.parametrize("field", ["flash", "total", "coupon"])
async def test_a_wish_with_nonsense_in_it_buys_nothing(watch, db_do, field: str) -> None:
    room, item = await db_do(room_with, 9)
    shopper = await watch(room, await db_do(make.buyer))
    for number, value in enumerate([-1, "7", True, 1.5, [], 2**63, 0]):
        if field == "coupon" and value == 0 and value is not False:
            continue
        await shopper.send(wish(item, f"nonsense-{number}", **{field: value}))
        assert (await shopper.get("error", key=f"nonsense-{number}"))["code"] == "bad_message"
    assert await db_do(Order.objects.count) == 0


def test_what_an_unpaid_order_gives_back_is_shown(transactional_db: Any) -> None:
    room, item = room_with(9)
    make.flash(room, item)
    with running():
        person = make.buyer()
        placed = orders.place_order(
            buyer=person,
            address=None,
            lines=[
                orders.Wanted(
                    placement_id=item.placement_id, variant_id=item.card["variants"][0]["id"]
                )
            ],
            key="unpaid-order",
            source="test",
            payment_options={"scenario": "three_ds"},
        )
        deliver()
        assert board(room)["flash"]["left"] == 1
        order = Order.objects.get(number=placed.number)
        orders.cancel_order(order=order, actor=acting(person, "buyer"))
        deliver()
        assert board(room)["flash"]["left"] == 2


def test_the_board_is_cleared_by_the_clock_by_hand_with_the_item_and_with_the_show(
    transactional_db: Any,
) -> None:
    room, item = room_with(9)
    make.flash(room, item)
    make.coupon(room)
    with clock.travel(timedelta(minutes=2)):
        fire_due()
        deliver()
        assert board(room) == {}
        sale = make.flash(room, item)
        actions.abort_flash(room=room, flash_id=sale.pk, actor=room.anchor)
        assert board(room) == {}
        make.flash(room, item)
        actions.pull_item(room=room, placement_id=item.placement_id, actor=room.anchor)
        assert board(room) == {}
        other = actions.add_item(room=room, listing=make.listing(), actor=room.anchor)
        make.flash(room, other)
        make.coupon(room)
        actions.end_room(room=room, actor=acting(room.anchor, "anchor"))
        assert board(room) == {}
    assert not FlashSale.objects.open().exists()
    assert not Coupon.objects.filter(state="OPEN").exists()


def test_sales_of_one_room_follow_each_other(transactional_db: Any) -> None:
    room, first = room_with(9)
    second = actions.add_item(room=room, listing=make.listing(), actor=room.anchor)
    make.flash(room, first)
    with pytest.raises(Conflict, match="at that time"):
        make.flash(room, second)
    later = clock.now() + timedelta(minutes=10)
    make.flash(room, second, starts_at=later)
    assert board(room)["flash"]["placement"] == first.placement_id
    with clock.travel(timedelta(minutes=2)):
        fire_due()
        deliver()
        assert board(room)["flash"]["placement"] == second.placement_id


def test_only_on_air_and_only_what_is_in_the_room(transactional_db: Any) -> None:
    room = actions.create_room(anchor=make.user())
    item = actions.add_item(room=room, listing=make.listing(), actor=room.anchor)
    with pytest.raises(Conflict, match="Go live"):
        make.flash(room, item)
    with pytest.raises(Conflict, match="Go live"):
        make.coupon(room)
    make.flash(room, item, starts_at=clock.now() + timedelta(hours=1))
    live, _other = room_with(3)
    with pytest.raises(NotFound):
        make.flash(live, item)


async def test_a_coupon_is_claimed_over_the_socket_and_counted_for_all(watch, db_do) -> None:
    room, _item = await db_do(room_with, 9)
    guest = await watch(room)
    coupon = await db_do(lambda: make.coupon(room))
    value = (await guest.get("board", key="coupon"))["value"]
    assert (value["off"]["text"], value["left"], value["percent"]) == ("¥5.00", 2, None)
    people = [await db_do(make.buyer) for _ in range(3)]
    viewers = [await watch(room, person) for person in people]
    await guest.send({"t": "claim", "coupon": coupon.pk})
    assert (await guest.get("error"))["code"] == "sign_in"
    for viewer in viewers[:2]:
        await viewer.send({"t": "claim", "coupon": coupon.pk})
        assert (await viewer.get("claimed"))["coupon"]["id"] == coupon.pk
    await viewers[0].send({"t": "claim", "coupon": coupon.pk})
    await viewers[0].get("claimed")
    await viewers[2].send({"t": "claim", "coupon": coupon.pk})
    gone = await viewers[2].get("error")
    assert (gone["code"], gone["coupon"]) == ("sold_out", coupon.pk)
    await viewers[2].send({"t": "claim", "coupon": coupon.pk + 99})
    assert (await viewers[2].get("error", coupon=coupon.pk + 99))["code"] == "not_found"
    await viewers[2].send({"t": "claim", "coupon": "1"})
    await viewers[2].get("error", code="bad_message")
    assert (await db_do(lambda: Coupon.objects.get())).state == "TAKEN"
    assert await db_do(board, room) == {}


async def test_a_claimed_coupon_is_taken_off_and_the_buyer_is_told(watch, db_do) -> None:
    room, item = await db_do(room_with, 9)
    coupon = await db_do(lambda: make.coupon(room))
    shopper = await watch(room, await db_do(make.buyer))
    await shopper.send({"t": "claim", "coupon": coupon.pk})
    await shopper.get("claimed")
    await shopper.send(wish(item, "coupon-01", coupon=coupon.pk, total=9400))
    accepted = await shopper.get("order.accepted", key="coupon-01")
    assert (accepted["total"]["minor"], accepted["saved"]["minor"]) == (9400, 500)
    await shopper.send(wish(item, "coupon-02", coupon=coupon.pk))
    assert (await shopper.get("price_changed", key="coupon-02"))["detail"]
    await shopper.send(wish(item, "coupon-03", coupon=0))
    accepted = await shopper.get("order.accepted", key="coupon-03")
    assert (accepted["total"]["minor"], accepted["saved"]) == (9900, None)
    assert await db_do(findings) == []


def client_of(user: Any) -> Client:
    client = Client(headers={"accept": "application/json"})
    client.force_login(user)
    return client


def post(client: Client, path: str, body: dict[str, Any], **more: Any) -> Any:
    return client.post(path, body, content_type="application/json", **more)


def test_the_console_starts_aborts_drops_and_withdraws(transactional_db: Any) -> None:
    room, item = room_with(9)
    mine, stranger = client_of(room.anchor), client_of(make.user())
    path = f"/studio/{room.slug}/"
    goods = mine.get(f"{path}deals/").json()["goods"][0]
    lowest = goods["variants"][0]["lowest"]["minor"]
    wanted = {
        "placement": item.placement_id,
        "price_minor": lowest - 1,
        "quantity": 2,
        "per_buyer": 1,
        "seconds": 60,
    }
    refused = post(mine, f"{path}flash/", wanted)
    assert (refused.status_code, refused.json()["needed_minor"]) == (422, lowest)
    assert post(stranger, f"{path}flash/", {**wanted, "price_minor": 9000}).status_code == 404
    started = post(mine, f"{path}flash/", {**wanted, "price_minor": lowest}).json()["flash"]
    assert board(room)["flash"]["variants"][0]["minor"] == lowest
    assert post(mine, f"{path}flash/abort/", {"flash": started["id"]}).status_code == 200
    dropped = post(
        mine,
        f"{path}coupon/",
        {"kind": "percent", "rate_bps": 1000, "amount_minor": 900, "count": 3, "valid_minutes": 9,
         "seconds": 60, "threshold_minor": 5000},
    )  # fmt: skip
    assert dropped.status_code == 200
    coupon = dropped.json()["coupon"]
    assert board(room)["coupon"]["percent"] == 10
    assert post(stranger, f"{path}coupon/withdraw/", {"coupon": coupon["id"]}).status_code == 404
    assert post(mine, f"{path}coupon/withdraw/", {"coupon": coupon["id"]}).status_code == 200
    shown = mine.get(f"{path}deals/").json()
    assert [row["state"] for row in shown["sales"] + shown["coupons"]] == ["ABORTED", "WITHDRAWN"]


def test_the_api_does_the_same_and_an_assistant_may_and_a_moderator_may_not(
    transactional_db: Any,
) -> None:
    room, item = room_with(9)
    people = {}
    for role in ("assistant", "moderator"):
        people[role] = make.user()
        CrewMember.objects.create(
            anchor=room.anchor, user=people[role], role=role, accepted_at=clock.now()
        )
    path = f"/api/v1/rooms/{room.slug}"
    body = {"placement": item.placement_id, "price_minor": 7000, "quantity": 2, "seconds": 60}
    assert post(client_of(people["moderator"]), f"{path}/flash-sales", body).status_code == 403
    helper = client_of(people["assistant"])
    started = post(helper, f"{path}/flash-sales", body)
    assert started.status_code == 201, started.content
    assert started.json()["prices"][0]["was_minor"] == 9900
    sale = started.json()["id"]
    variant = item.card["variants"][0]["id"]
    drop = {"amount_minor": 500, "count": 2}
    coupon = post(helper, f"{path}/coupons", drop).json()["id"]
    person = make.buyer()
    shopper = client_of(person)
    assert post(shopper, f"{path}/coupons/{coupon}/claim", {}).json()["order"] == ""
    assert [row["coupon"]["id"] for row in shopper.get("/api/v1/coupons").json()["results"]] == [
        coupon
    ]
    line = {"placement_id": item.placement_id, "variant_id": variant}
    with running():
        quote = post(shopper, "/api/v1/orders/quote", {"lines": [line]}).json()
        assert (quote["goods_minor"], quote["discount_minor"]) == (7000, 500)
        assert (quote["lines"][0]["flash_id"], quote["coupon_id"]) == (sale, coupon)
        placed = post(
            shopper,
            "/api/v1/orders",
            {"lines": [{**line, "flash_id": sale}], "agreed_minor": quote["total_minor"]},
            headers={"idempotency-key": "api-flash-1"},
        )
        assert placed.status_code == 201, placed.content
        assert placed.json()["total_minor"] == 6500
    assert post(helper, f"{path}/flash-sales/{sale}/abort", {}).json()["state"] == "ABORTED"
    assert post(helper, f"{path}/coupons/{coupon}/withdraw", {}).json()["state"] == "WITHDRAWN"
    assert helper.get(f"{path}/flash-sales").json()["results"][0]["sold"] == 1
    assert helper.get(f"{path}/coupons").json()["results"][0]["claimed"] == 1
    detail = shopper.get(f"/api/v1/orders/{placed.json()['number']}").json()
    assert (detail["discount_minor"], detail["lines"][0]["flash_id"]) == (500, sale)


def test_a_page_of_an_item_that_left_the_room_has_no_price_to_ask(transactional_db: Any) -> None:
    room, item = room_with(9)
    actions.pull_item(room=room, placement_id=item.placement_id, actor=room.anchor)
    answer = post(
        client_of(room.anchor),
        f"/studio/{room.slug}/flash/",
        {"placement": item.placement_id, "price_minor": 1, "quantity": 1, "per_buyer": 1,
         "seconds": 60},
    )  # fmt: skip
    assert answer.status_code == 404
    assert RoomItem.objects.get().state == "PULLED"
