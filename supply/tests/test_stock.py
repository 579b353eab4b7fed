"""Stock: promised, taken back, shipped, counted; never oversold, however many come at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction

from core.errors import Conflict, Invalid
from supply import actions
from supply.models import Offer, Stock, StockAdjustment
from supply.tests.goods import offer_of, person, published, supplier_of

BUYERS = 12
UNITS = 5


def stock_of(offer: Offer) -> tuple[int, int]:
    row = Stock.objects.get(offer=offer)
    return row.on_hand, row.reserved


def test_a_promise_lowers_what_is_available_and_says_so(offer):
    assert actions.reserve_stock(offer_id=offer.pk, quantity=4)
    assert stock_of(offer) == (10, 4)
    assert published("supply.stock_changed")[-1] == {"offer_id": offer.pk, "available": 6}


def test_more_than_is_available_is_refused_and_changes_nothing(offer):
    assert not actions.reserve_stock(offer_id=offer.pk, quantity=11)
    assert stock_of(offer) == (10, 0)


def test_a_promise_can_be_taken_back_or_shipped_but_only_once(offer):
    actions.reserve_stock(offer_id=offer.pk, quantity=5)
    actions.release_stock(offer_id=offer.pk, quantity=2)
    actions.consume_stock(offer_id=offer.pk, quantity=3)
    assert stock_of(offer) == (7, 0)
    with pytest.raises(Conflict):
        actions.release_stock(offer_id=offer.pk, quantity=1)
    with pytest.raises(Conflict):
        actions.consume_stock(offer_id=offer.pk, quantity=1)


@pytest.mark.parametrize("quantity", [0, -3])
def test_a_quantity_below_one_is_refused(offer, quantity):
    for action in (
        actions.reserve_stock,
        actions.release_stock,
        actions.consume_stock,
        actions.restock,
    ):
        with pytest.raises(Invalid):
            action(offer_id=offer.pk, quantity=quantity)
    assert stock_of(offer) == (10, 0)


def test_a_count_by_hand_keeps_who_and_why(offer, kay):
    actions.set_stock(offer=offer, on_hand=25, actor=kay, why="recount")
    kept = StockAdjustment.objects.filter(offer=offer).first()
    assert (kept.before, kept.after, kept.why, kept.actor_user_id) == (10, 25, "recount", kay.pk)


def test_a_count_below_what_is_promised_is_refused(offer, kay):
    actions.reserve_stock(offer_id=offer.pk, quantity=4)
    with pytest.raises(Invalid, match="4 units are promised"):
        actions.set_stock(offer=offer, on_hand=3, actor=kay, why="recount")
    assert stock_of(offer) == (10, 4)


@pytest.mark.parametrize("on_hand", [-1, 2**31])
def test_a_count_that_no_shelf_has_is_refused(offer, kay, on_hand):
    with pytest.raises(Invalid):
        actions.set_stock(offer=offer, on_hand=on_hand, actor=kay, why="slip of the pen")


def test_the_database_has_the_last_word(offer):
    with pytest.raises(IntegrityError), transaction.atomic():
        Stock.objects.filter(offer=offer).update(reserved=11)
    with pytest.raises(IntegrityError), transaction.atomic():
        Stock.objects.filter(offer=offer).update(on_hand=-1)


def rush(buy: Callable[[int], bool], offer_id: int) -> int:
    """Many buyers at the same instant, each in a connection of its own; returns how many got one."""
    start = Barrier(BUYERS)

    def buyer(_number: int) -> bool:
        try:
            with transaction.atomic():
                start.wait(timeout=10)
                return buy(offer_id)
        finally:
            connection.close()

    with ThreadPoolExecutor(BUYERS) as pool:
        return sum(pool.map(buyer, range(BUYERS)))


def read_check_write(offer_id: int) -> bool:
    """What must never be done, with nothing in the database to stop it."""
    stock = Stock.objects.get(offer_id=offer_id)
    if stock.reserved >= UNITS:
        return False
    Barrier_of_the_control.wait(timeout=10)
    Stock.objects.filter(pk=stock.pk).update(reserved=stock.reserved + 1)
    return True


Barrier_of_the_control = Barrier(BUYERS)


@pytest.mark.django_db(transaction=True)
def test_exactly_as_many_buyers_succeed_as_there_are_units():
    offer = offer_of(supplier_of(person()), on_hand=UNITS)
    sold = rush(lambda pk: actions.reserve_stock(offer_id=pk, quantity=1), offer.pk)
    assert sold == UNITS
    assert stock_of(offer) == (UNITS, UNITS)


@pytest.mark.django_db(transaction=True)
def test_the_same_rush_oversells_when_stock_is_read_before_it_is_written():
    offer = offer_of(supplier_of(person()), on_hand=UNITS)
    sold = rush(read_check_write, offer.pk)
    assert sold == BUYERS > UNITS
