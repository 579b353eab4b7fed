"""An order's whole life, from the buy button to money and stock back where they were."""

from __future__ import annotations

from core import clock
from ledger.actions import unbalanced
from orders import actions
from orders.models import Refund
from orders.tests.conftest import balances, promised, states_of
from promotion.models import Commission
from supply.models import PurchaseOrder


def test_a_bought_delivered_and_returned_item_leaves_no_trace_in_money_or_stock(market):
    order = market.order(market.wanted(2))
    assert states_of(order) == ["PENDING_PAYMENT"]
    assert market.stock() == (10, 2)

    market.pump()
    assert states_of(order) == ["PAID_ON_HOLD"]
    assert balances() == {
        "platform provider_clearing": 20_000,
        "supplier supplier_payable": -12_000,
        "anchor commission_estimated": -4_000,
        "platform platform_fee": -4_000,
    }
    assert Commission.objects.get().amount_minor == 4_000

    actions.release_hold(order=order, buyer=market.buyer)
    assert states_of(order) == ["ALLOCATED"]
    assert PurchaseOrder.objects.get().order_ref == order.number


def test_the_whole_way_to_a_refund(market):
    order = market.delivered(market.wanted(2))
    assert states_of(order) == ["DELIVERED"]
    assert market.stock() == (8, 0)

    case = market.returned(order)
    assert case.state == "INSPECTING"
    market.inspected(case)

    assert case.state == "REFUNDED"
    assert states_of(order) == ["RETURNED"]
    assert Refund.objects.get().state == "SUCCEEDED"
    assert balances() == {}
    assert unbalanced() == []
    assert market.stock() == (10, 0)
    assert promised() == {}
    assert Commission.objects.get().state == "VOIDED"


def test_an_order_nobody_touches_completes_by_itself(market):
    from datetime import timedelta

    from core import deadlines

    order = market.paid()
    with clock.travel(timedelta(minutes=61)):
        deadlines.fire_due()
        assert states_of(order) == ["ALLOCATED"]
