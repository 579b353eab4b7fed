"""The same purchases through the batched commit and one by one: the same answers, the same rows."""

from __future__ import annotations

import contextlib
import itertools
import json
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from unittest import mock

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import clock
from core.errors import DomainError
from orders.actions.placing import place_order
from orders.checkout import batch
from orders.checkout.answers import Accepted, Ask, HandedBack
from orders.payments.contract import WAIT
from orders.tests.conftest import address_of, build_market, user
from orders.tests.test_flash import flash
from orders.tests.test_races import one_by_one
from promotion.models import FlashSale

pytestmark = pytest.mark.django_db(transaction=True)

# What differs by nature: when it was written, what was drawn at random, and who drew which number.
RANDOM = {
    "id",
    "created_at",
    "placed_at",
    "expires_at",
    "on_air_at",
    "key",
    "next_attempt_at",
    "at",
}
TABLES = {
    "orders_order": {"number"},
    "orders_orderline": {"order_id"},
    "orders_reservation": {"line_id"},
    "orders_paymentintent": {"order_id"},
    "core_statechange": {"object_id"},
    "promotion_flashbuyer": set(),
    "supply_stock": set(),
    "promotion_flashsale": {"state"},
}


class Undone(Exception):
    pass


wishes = st.lists(
    st.fixed_dictionaries(
        {
            "who": st.integers(0, 2),
            "key": st.integers(0, 5),
            "quantity": st.integers(1, 3),
            "flash": st.booleans(),
            "agreed": st.sampled_from([None, 1, 10_000_000]),
            "coupon": st.sampled_from([None, 0]),
        }
    ),
    min_size=1,
    max_size=10,
)


@pytest.fixture
def sale(transactional_db):
    """Three buyers, ten pieces, four of them at a flash price and two for each buyer."""
    market = build_market()
    people = [user(f"buyer{n}") for n in range(3)]
    for person in people:
        address_of(person)
    running = flash(market, quantity=4, per_buyer=2)
    FlashSale.objects.filter(pk=running.pk).update(starts_at=clock.now())
    return Sale(market, people, running.pk)


@dataclass
class Sale:
    market: Any
    people: list[Any]
    flash: int

    def wanted(self, wish: dict[str, Any]) -> Any:
        plain = self.market.wanted(wish["quantity"])
        return replace(plain, flash_id=self.flash) if wish["flash"] else plain

    def together(self, asked: list[dict[str, Any]]) -> list[Any]:
        asks = [
            Ask(
                buyer_id=self.people[one["who"]].pk,
                wish=self.wanted(one),
                key=f"key-{one['key']}",
                source="room",
                coupon_id=one["coupon"],
                agreed_minor=one["agreed"],
            )
            for one in asked
        ]
        return [told(outcome) for outcome in batch.commit(asks)]

    def alone(self, asked: list[dict[str, Any]]) -> list[Any]:
        # The start of a payment is not part of the commit.
        started = mock.patch("orders.actions.placing.payment_of", return_value=("STARTED", WAIT))
        with one_by_one(), started:
            return [answered(partial(self._one, one)) for one in asked]

    def _one(self, wish: dict[str, Any]) -> Any:
        return place_order(
            buyer=self.people[wish["who"]],
            address=None,
            lines=[self.wanted(wish)],
            key=f"key-{wish['key']}",
            source="room",
            coupon_id=wish["coupon"],
            agreed_minor=wish["agreed"],
        )


@pytest.mark.timeout(240)
@given(asked=wishes)
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_batch_and_one_by_one_leave_the_same_rows(sale, asked):
    assert kept(partial(sale.together, asked)) == kept(partial(sale.alone, asked))


def test_the_comparison_sees_a_row_that_differs(sale):
    """The negative control."""
    one = {"who": 0, "key": 0, "quantity": 1, "flash": False, "agreed": None, "coupon": None}
    two = {**one, "quantity": 2}
    assert kept(partial(sale.together, [one])) != kept(partial(sale.alone, [two]))


def told(outcome) -> Any:
    assert not isinstance(outcome, HandedBack)
    if isinstance(outcome, Accepted):
        return (outcome.replayed, outcome.answer["total_minor"])
    return outcome.error().code


def answered(work) -> Any:
    try:
        with transaction.atomic():
            placed = work()
    except DomainError as error:
        return error.code
    return (placed.replayed, placed.total_minor)


def kept(work) -> dict[str, Any]:
    """What `work` answers and writes; undone again."""
    found: dict[str, Any] = {}
    with contextlib.suppress(Undone), transaction.atomic():
        floors = {table: top(table) for table in ("core_outboxevent", "core_idempotencyrecord")}
        changes = top("core_statechange")
        found["answers"] = work()
        for table, hidden in TABLES.items():
            found[table] = rows(table, RANDOM | hidden, changes if "change" in table else 0)
        found["announced"] = announced(floors["core_outboxevent"])
        found["keys"] = rows("core_idempotencyrecord", {"id", "created_at", "answer"}, 0)
        raise Undone
    return found


def top(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}")
        return int(cursor.fetchone()[0])


def rows(table: str, hidden: set[str], floor: int) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY 1")
        names = [column.name for column in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    shown = [
        {name: value for name, value in row.items() if name not in hidden}
        for row in found
        if row.get("id", 0) > floor or not floor
    ]
    return (
        sorted(shown, key=str) if table in {"core_statechange", "promotion_flashbuyer"} else shown
    )


def announced(floor: int) -> list[Any]:
    """Purchases one for one; of the stock what was said last, as a batch says it once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT topic, payload FROM core_outboxevent WHERE id > %s ORDER BY id", [floor]
        )
        found = cursor.fetchall()
    events = [(topic, json.loads(body) if isinstance(body, str) else body) for topic, body in found]
    placed = [
        (body["buyer_id"], [{**line, "line": 0} for line in body["lines"]])
        for topic, body in events
        if topic == "orders.order_placed"
    ]
    stock = [body for topic, body in events if topic == "supply.stock_changed"][-1:]
    others = sorted({topic for topic, _body in events})
    return list(itertools.chain(placed, stock, others))
