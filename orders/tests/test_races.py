"""Many hands on one unit, on real connections; and proof that the harness would see an oversell."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import pytest
from django.db import connection

from core.errors import DomainError, InFlight
from orders import actions
from orders.audit import findings
from orders.models import Order, Refund
from orders.tests.conftest import address_of, balances, build_market, promised, user

pytestmark = pytest.mark.django_db(transaction=True)
HANDS = 8


@pytest.fixture
def market(transactional_db):
    return build_market()


def all_at_once(work: Callable[[int], object]) -> Counter[str]:
    """Run `work(n)` in many threads from one starting line; counts outcomes by name."""
    line = threading.Barrier(HANDS)

    def run(number: int) -> str:
        line.wait(timeout=20)
        try:
            work(number)
        except DomainError as error:
            return error.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(HANDS) as pool:
        return Counter(pool.map(run, range(HANDS)))


def one_by_one():
    """Every purchase takes the single way: its own thread and transaction, as in many processes."""
    return mock.patch("orders.actions.placing._together", return_value=None)


def buyers():
    people = [user(f"buyer{n}") for n in range(HANDS)]
    for person in people:
        address_of(person)
    return people


def test_the_last_units_go_to_as_many_buyers_as_there_are_units(market):
    term = market.into_room(market.new_offer("RARE", on_hand=3))
    people = buyers()
    outcomes = all_at_once(
        lambda n: market.order(market.wanted(1, term), key=f"k{n}", buyer=people[n])
    )
    assert outcomes == {"done": 3, "sold_out": HANDS - 3}
    assert market.stock(term.listing_variant.offer) == (3, 3)
    assert Order.objects.count() == 3
    assert findings() == []


def test_negative_control_reading_before_writing_oversells(market):
    """The same race over a table without the guard: if this passed for stock, stock would be lost."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE shelf (units int NOT NULL)")
        cursor.execute("INSERT INTO shelf VALUES (3)")
    read = threading.Barrier(HANDS)

    def read_check_write(_n: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT units FROM shelf")
            (units,) = cursor.fetchone()
            read.wait(timeout=20)
            assert units >= 1
            cursor.execute("UPDATE shelf SET units = units - 1")

    try:
        outcomes = all_at_once(read_check_write)
        with connection.cursor() as cursor:
            cursor.execute("SELECT units FROM shelf")
            (left,) = cursor.fetchone()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE shelf")
    assert outcomes == {"done": HANDS}
    assert left == 3 - HANDS


def test_one_key_sent_by_many_hands_is_one_order(market):
    def place(_n: int) -> None:
        for _attempt in range(50):
            try:
                market.order(key="one")
                return
            except InFlight:
                threading.Event().wait(0.05)

    assert all_at_once(place) == {"done": HANDS}
    assert Order.objects.count() == 1
    assert market.stock() == (10, 1)


def test_two_carts_in_opposite_order_do_not_block_each_other(market):
    other = market.into_room(market.new_offer("TEA", on_hand=100))
    people = buyers()

    def place(n: int) -> None:
        wishes = [market.wanted(1), market.wanted(1, other)]
        if n % 2:
            wishes.reverse()
        market.order(*wishes, key=f"k{n}", buyer=people[n])

    assert all_at_once(place) == {"done": HANDS}
    assert promised() == {market.offer.pk: HANDS, other.listing_variant.offer_id: HANDS}


def test_an_order_cancelled_by_many_hands_is_refunded_once(market):
    from core.actors import acting

    order = market.paid(market.wanted(2))
    outcomes = all_at_once(
        lambda _n: actions.cancel_order(order=order, actor=acting(market.buyer, "buyer"))
    )
    assert outcomes == {"done": 1, "too_late": HANDS - 1}
    market.pump()
    assert Refund.objects.get().state == "SUCCEEDED"
    assert market.stock() == (10, 0)
    assert balances() == {}


def test_cancelling_and_releasing_at_once_ends_in_one_of_the_two(market):
    from core.actors import acting

    order = market.paid()

    def race(n: int) -> None:
        if n % 2:
            actions.release_hold(order=order, buyer=market.buyer)
        else:
            actions.cancel_order(order=order, actor=acting(market.buyer, "buyer"))

    assert all_at_once(race)["done"] == 1
    market.pump()
    assert order.lines.get().state in {"CANCELLED", "ALLOCATED"}
    assert findings() == []


def test_expiry_and_payment_at_once_never_lose_the_money_or_the_stock(market):
    from datetime import timedelta

    from core import clock
    from orders.payments.sandbox import SandboxProvider, sender

    order = market.order(market.wanted(2), scenario="three_ds")
    market.pump()
    SandboxProvider().confirm(order.payments.get().provider_ref, approve=True)

    def race(n: int) -> None:
        if n % 2:
            sender.send_due()
        else:
            actions.expire_unpaid(now=clock.now() + timedelta(minutes=16))

    all_at_once(race)
    market.pump()
    assert order.lines.get().state == "PAID_ON_HOLD"
    assert market.stock() == (10, 2)
    assert findings() == []
