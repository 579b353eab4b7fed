"""Whatever happens to orders, the books balance and come back to zero when everything goes back."""

from __future__ import annotations

from datetime import timedelta
from unittest import mock

from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from core import clock
from core.actors import acting
from core.errors import DomainError
from ledger.actions import unbalanced
from orders import actions
from orders.actions.books import Shares, most_discount, shares_of, shares_refunded
from orders.audit import findings
from orders.models import OrderLine
from orders.payments.sandbox import sender
from orders.tests.conftest import balances, build_market
from promotion import actions as promotion

QUIET = [HealthCheck.too_slow]


@st.composite
def lines(draw):
    price = draw(st.integers(2, 10**7))
    supply = draw(st.integers(1, price))
    room = (price - supply) * 10_000 // price
    item = OrderLine(
        quantity=draw(st.integers(1, 99)),
        unit_price_minor=price,
        supply_price_minor=supply,
        commission_bps=draw(st.integers(0, max(0, room - 1))),
        anchor_id=1,
    )
    item.discount_minor = draw(st.integers(0, most_discount(item)))
    return item


def test_a_further_refund_never_gives_back_what_an_earlier_one_took():
    """Parts of 6, 6 and 2: shared by largest remainder, the commission fell from 2 to 1 at 11."""
    item = OrderLine(
        quantity=14,
        unit_price_minor=1,
        supply_price_minor=0,
        commission_bps=1429,
        anchor_id=1,
    )
    whole = Shares(6, 2, 6)
    with mock.patch("orders.actions.books.shares_of", return_value=whole):
        parts = [shares_refunded(item, amount) for amount in range(15)]
    assert [part.commission for part in parts] == sorted(part.commission for part in parts)
    assert [part.supplier for part in parts] == sorted(part.supplier for part in parts)
    assert parts[-1] == whole


@settings(max_examples=200, deadline=None)
@given(lines(), st.data())
def test_a_line_taken_apart_in_any_pieces_goes_back_exactly(line, data):
    whole = shares_of(line)
    assert whole.supplier + whole.commission + whole.platform == line.total_minor
    assert whole.commission >= 0
    taken, total, left = 0, Shares(0, 0, 0), line.quantity
    while left:
        pieces = data.draw(st.integers(1, left))
        with mock.patch.object(OrderLine, "left_quantity", left):
            amount = line.paid_for(pieces)
        assert amount > 0
        part = shares_refunded(line, taken + amount) - shares_refunded(line, taken)
        assert part.supplier + part.commission + part.platform == amount
        exact = pieces * line.supply_price_minor
        # A price that does not divide by the pieces rounds the supplier by a minor unit at most.
        assert abs(part.supplier - exact) <= bool(line.discount_minor)
        assert part.commission >= 0
        total = Shares(
            total.supplier + part.supplier,
            total.commission + part.commission,
            total.platform + part.platform,
        )
        taken, left = taken + amount, left - pieces
    assert total == whole
    assert taken == line.total_minor


class Sequences(TestCase):
    """Random walks of several orders through everything a buyer and a supplier can do."""

    @settings(max_examples=5, deadline=None, suppress_health_check=QUIET)
    @given(st.data())
    def test_the_books_balance_after_every_step_and_end_at_zero(self, data):
        def post(path, body, headers):
            sent = Client().post(path, body, content_type="application/json", headers=headers)
            return sent.status_code

        with mock.patch.object(sender, "post", post):
            market = build_market()
            offer_something_cheaper(market, data)
            with clock.travel(timedelta(seconds=4)):
                orders = [
                    market.paid(market.wanted(data.draw(st.integers(1, 3)))) for _ in range(2)
                ]
            buyer = acting(market.buyer, "buyer")
            steps = {
                "cancel": lambda order: actions.cancel_order(order=order, actor=buyer),
                "release": lambda order: actions.release_hold(order=order, buyer=market.buyer),
                "ship": lambda order: _ship(market, order),
                "confirm": lambda order: actions.confirm_receipt(order=order, buyer=market.buyer),
                "return": lambda order: market.inspected(market.returned(order, 1)),
                "refund": lambda order: actions.open_case(
                    line=order.lines.get(),
                    buyer=market.buyer,
                    kind="refund_before_shipping",
                    reason="late",
                ),
            }
            for _ in range(data.draw(st.integers(3, 8))):
                order = data.draw(st.sampled_from(orders))
                _try(steps[data.draw(st.sampled_from(sorted(steps)))], order)
                market.pump()
                assert unbalanced() == []
                assert findings() == []
            for order in orders:
                _send_everything_back(market, order, steps)
            assert balances() == {}
            assert findings() == []


def offer_something_cheaper(market, data):
    """A flash sale, a claimed coupon, both or neither, so that orders are reduced in every way."""
    anchor = acting(market.anchor, "anchor")
    if data.draw(st.booleans()):
        promotion.open_flash(
            placement=market.placement,
            prices={market.term.listing_variant_id: data.draw(st.integers(8_000, 9_999))},
            quantity=data.draw(st.integers(1, 6)),
            per_buyer=data.draw(st.integers(1, 6)),
            seconds=60,
            actor=anchor,
        )
    if data.draw(st.booleans()):
        coupon = promotion.drop_coupon(
            anchor=market.anchor,
            room_ref=1,
            kind=data.draw(st.sampled_from(["fixed", "percent"])),
            amount_minor=data.draw(st.integers(1, 2_000)),
            rate_bps=data.draw(st.integers(1, 9_999)),
            count=1,
            valid_minutes=30,
            seconds=60,
            actor=anchor,
        )
        promotion.claim_coupon(coupon_id=coupon.pk, user=market.buyer)


def _try(step, order):
    try:
        step(order)
    except DomainError:
        return False
    return True


def _ship(market, order):
    from supply.actions import record_delivery, ship
    from supply.models import PurchaseOrder

    for purchase in PurchaseOrder.objects.filter(order_ref=order.number, state="RELEASED"):
        parcel = ship(
            purchase_order=purchase,
            carrier="SF",
            tracking_number=f"SF{purchase.pk}",
            actor=market.seller,
        )
        record_delivery(shipment=parcel, actor=market.seller)


def _send_everything_back(market, order, steps):
    for name in ("cancel", "refund"):
        _try(steps[name], order)
        market.pump()
    while order.lines.get().claimable:
        assert _try(steps["return"], order)
        market.pump()
    # The sandbox lets a refund fail once when the amount says so.
    for refund in order.refunds.filter(state="FAILED"):
        actions.retry_refund(refund=refund, actor=acting(market.staff, "admin"))
    market.pump()
