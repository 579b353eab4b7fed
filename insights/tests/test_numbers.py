"""What an anchor reads about a room, and who may read it."""

from __future__ import annotations

from django.test import Client

from insights.numbers import room_numbers
from orders.tests.conftest import user


def test_a_room_without_sales_shows_zeros_and_no_conversion(show):
    numbers = room_numbers(show.room)

    assert (numbers.orders, numbers.buyers, numbers.pieces) == (0, 0, 0)
    assert numbers.sales == []
    assert numbers.conversion_bps is None
    assert [item.sold for item in numbers.items] == [0]


def test_paid_orders_of_the_room_count_and_orders_from_elsewhere_do_not(show):
    show.sell(quantity=2)
    show.sell()
    show.market.paid()  # another placement
    show.market.order(show.market.wanted(1, show.term), scenario="decline")
    show.market.pump()

    numbers = room_numbers(show.room)

    assert (numbers.orders, numbers.buyers, numbers.pieces) == (2, 1, 3)
    (sum_,) = numbers.sales
    assert sum_.gmv_minor == sum_.kept_minor == 30_000
    (item,) = numbers.items
    assert item.sold == 3


def test_a_return_stays_in_gmv_and_leaves_what_was_kept(show):
    show.sell()
    show.sell_and_return()

    (sum_,) = room_numbers(show.room).sales

    assert sum_.gmv_minor == 20_000
    assert sum_.refunded_minor == 10_000
    assert sum_.kept_bps == 5000


def test_conversion_is_buyers_for_each_viewer_of_the_fullest_moment(show):
    show.room.peak_viewers = 8
    show.sell()

    assert room_numbers(show.room).conversion_bps == 1250


def test_the_anchor_reads_the_numbers_over_the_api(show):
    show.sell()
    client = Client()
    client.force_login(show.market.anchor)

    answer = client.get(f"/api/v1/rooms/{show.room.slug}/numbers")

    assert answer.status_code == 200
    body = answer.json()
    assert body["orders"] == 1
    assert body["sales"][0]["gmv"]["minor"] == 10_000
    assert body["items"][0]["placement"] == show.term.placement_id


def test_anybody_else_is_told_that_there_is_no_such_room(show):
    stranger = Client()
    stranger.force_login(user("stranger"))

    foreign = stranger.get(f"/api/v1/rooms/{show.room.slug}/numbers")
    missing = stranger.get("/api/v1/rooms/no-such-room/numbers")
    guest = Client().get(f"/api/v1/rooms/{show.room.slug}/numbers")

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.json()["detail"] == missing.json()["detail"]
    assert guest.status_code == 401
