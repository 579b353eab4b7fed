"""An order's whole life, from the buy button to money and stock back where they were."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import clock, deadlines
from core.errors import Conflict
from ledger.actions import unbalanced
from ledger.models import Entry
from orders import actions
from orders.models import Refund
from orders.tests.conftest import balances, promised, selling_supplier, states_of, user
from promotion.models import Commission
from supply.models import PurchaseOrder


def test_a_paid_order_is_booked_to_supplier_anchor_and_house(market):
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


def test_a_bought_delivered_and_returned_item_leaves_no_trace_in_money_or_stock(market):
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


def test_returned_piece_by_piece_the_books_come_out_to_the_minor_unit(market):
    # 19.99 at 17.77 % for 3: no share is a whole number for one piece.
    offer = market.new_offer("ODD", price=1999, commission_bps=1777, supply_price_minor=1111)
    term = market.into_room(offer)
    order = market.delivered(market.wanted(3, term))
    for left in (2, 1, 0):
        case = market.returned(order, quantity=1)
        market.inspected(case)
        assert case.state == "REFUNDED"
        assert unbalanced() == []
        assert balances().get("platform provider_clearing", 0) == left * 1999
        assert balances().get("supplier supplier_payable", 0) == -left * 1111
    assert balances() == {}
    assert states_of(order) == ["RETURNED"]


def test_an_untouched_order_goes_through_by_itself_and_the_commission_matures(market):
    order = market.paid()
    with clock.travel(timedelta(minutes=61)):
        deadlines.fire_due()
    assert states_of(order) == ["ALLOCATED"]
    order = market.delivered()
    with clock.travel(timedelta(days=7, minutes=1)):
        deadlines.fire_due()
    assert states_of(order) == ["COMPLETED"]
    assert Commission.objects.get(order_line_ref=order.lines.get().pk).state == "CONFIRMED"
    assert balances()["anchor commission_payable"] == -2_000
    assert balances()["anchor commission_estimated"] == -2_000


def test_a_return_after_completion_takes_the_commission_from_what_was_payable(market):
    order = market.delivered()
    actions.confirm_receipt(order=order, buyer=market.buyer)
    market.inspected(market.returned(order))
    assert states_of(order) == ["RETURNED"]
    assert balances() == {}
    assert Commission.objects.get().state == "VOIDED"


def test_a_claim_long_after_completion_comes_too_late(market):
    order = market.delivered()
    actions.confirm_receipt(order=order, buyer=market.buyer)
    with clock.travel(timedelta(days=16)), pytest.raises(Conflict, match="ended 15 days"):
        market.returned(order)


def test_a_cancelled_hold_is_refunded_in_full_and_moves_no_parcel(market):
    order = market.paid(market.wanted(3))
    market.client.post(f"/orders/{order.number}/cancel/")
    market.pump()
    assert states_of(order) == ["CANCELLED"]
    assert balances() == {}
    assert market.stock() == (10, 0)
    assert not PurchaseOrder.objects.exists()
    with clock.travel(timedelta(hours=2)):
        deadlines.fire_due()
    assert states_of(order) == ["CANCELLED"]


def test_an_order_from_two_suppliers_is_shipped_by_each_and_held_as_one(market):
    other = selling_supplier("tea", user("teaseller"))
    tea = market.new_offer("TEA", price=3000, supplier=other)
    order = market.paid(market.wanted(1), market.wanted(2, market.into_room(tea)))
    assert order.total_minor == 16_000
    actions.release_hold(order=order, buyer=market.buyer)
    assert states_of(order) == ["ALLOCATED", "ALLOCATED"]
    codes = PurchaseOrder.objects.values_list("supplier__code", flat=True)
    assert sorted(codes) == ["silk", "tea"]


def test_one_line_is_refunded_before_shipping_and_the_other_goes_its_way(market):
    other = selling_supplier("tea", user("teaseller"))
    tea = market.new_offer("TEA", price=3000, supplier=other)
    order = market.allocated(market.wanted(1), market.wanted(2, market.into_room(tea)))
    line = order.lines.get(offer=tea)
    case = actions.open_case(
        line=line, buyer=market.buyer, kind="refund_before_shipping", reason="changed_mind"
    )
    market.pump()
    case.refresh_from_db()
    assert case.state == "REFUNDED"
    assert states_of(order) == ["ALLOCATED", "CANCELLED"]
    assert market.stock(tea) == (10, 0)
    assert balances()["platform provider_clearing"] == 10_000
    assert PurchaseOrder.objects.get(supplier=other).state == "CANCELLED"


def test_a_shipped_line_is_not_refunded_before_shipping(market):
    from supply.actions import ship

    order = market.allocated()
    purchase = PurchaseOrder.objects.get()
    ship(purchase_order=purchase, carrier="SF", tracking_number="1", actor=market.seller)
    with pytest.raises(Conflict, match="on its way"):
        actions.open_case(
            line=order.lines.get(),
            buyer=market.buyer,
            kind="refund_before_shipping",
            reason="late",
        )
    market.pump()
    assert states_of(order) == ["SHIPPED"]
    assert balances()["platform provider_clearing"] == 10_000


def test_a_delivery_told_before_the_shipment_still_arrives_as_delivered(market):
    from orders.handlers import parcel_arrived, parcel_left
    from supply.events import PurchaseOrderDelivered, PurchaseOrderShipped

    order = market.allocated()
    line = order.lines.get()
    parcel_arrived(PurchaseOrderDelivered("P", order.number, [line.pk]))
    assert states_of(order) == ["DELIVERED"]
    parcel_left(PurchaseOrderShipped("P", order.number, [line.pk], "SF", "1"))
    assert states_of(order) == ["DELIVERED"]


def test_every_entry_of_an_order_carries_its_number(market):
    order = market.delivered()
    market.inspected(market.returned(order))
    kinds = list(
        Entry.objects.filter(reference=order.number).order_by("id").values_list("kind", flat=True)
    )
    assert kinds == ["order.paid", "order.refunded"]
    assert Entry.objects.get(kind="order.refunded").reverses.kind == "order.paid"
