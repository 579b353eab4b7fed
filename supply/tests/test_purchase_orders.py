"""From a paid order to the parcel, and back: purchase orders, shipments, returns."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import clock
from core.errors import Conflict, Forbidden, IllegalMove, Invalid, NotFound
from supply import actions, states
from supply.models import PurchaseOrder, ReturnParcel
from supply.tests.goods import line, offer_of, person, published, release


def test_each_supplier_gets_one_purchase_order_due_when_its_slowest_offer_is(
    supplier, others, offer
):
    slow = offer_of(supplier, dispatch_hours=72)
    foreign = offer_of(others, dispatch_hours=24)
    made = release(line(1, offer), line(2, slow), line(3, foreign))
    assert {order.supplier_id: order.lines.count() for order in made} == {
        supplier.pk: 2,
        others.pk: 1,
    }
    hours = {order.supplier_id: order.dispatch_due_at - clock.now() for order in made}
    assert timedelta(hours=71) < hours[supplier.pk] < timedelta(hours=73)
    assert timedelta(hours=23) < hours[others.pk] < timedelta(hours=25)


def test_releasing_again_changes_nothing_and_a_later_line_joins_the_open_order(supplier, offer):
    first = release(line(1, offer))
    assert release(line(1, offer)) == first
    second = release(line(1, offer), line(2, offer_of(supplier)))
    assert second == first
    assert first[0].lines.count() == 2


def test_a_line_that_comes_after_the_parcel_left_gets_a_purchase_order_of_its_own(purchase, offer):
    actions.ship(purchase_order=purchase, carrier="SF", tracking_number="1", actor=person())
    later = release(line(2, offer))[0]
    assert later.pk != purchase.pk


def test_shipping_consumes_the_promised_stock_and_tells_the_order(purchase, offer, kay):
    actions.ship(purchase_order=purchase, carrier=" SF ", tracking_number="SF1", actor=kay)
    offer.stock.refresh_from_db()
    assert (offer.stock.on_hand, offer.stock.reserved) == (8, 0)
    assert published("supply.purchase_order_shipped") == [
        {
            "purchase_order": purchase.number,
            "order_ref": "ORDER1",
            "order_line_refs": [1],
            "carrier": "SF",
            "tracking_number": "SF1",
        }
    ]
    with pytest.raises(IllegalMove):
        actions.ship(purchase_order=purchase, carrier="SF", tracking_number="SF2", actor=kay)


@pytest.mark.parametrize(
    ("carrier", "number"), [("", "1"), ("SF", " "), ("x" * 41, "1"), ("SF", "x" * 61)]
)
def test_a_parcel_needs_a_carrier_and_a_number(purchase, kay, carrier, number):
    with pytest.raises(Invalid):
        actions.ship(purchase_order=purchase, carrier=carrier, tracking_number=number, actor=kay)
    purchase.refresh_from_db()
    assert purchase.state == "RELEASED"


def test_two_parcels_cannot_have_one_tracking_number(purchase, offer, kay):
    actions.ship(purchase_order=purchase, carrier="SF", tracking_number="1", actor=kay)
    actions.reserve_stock(offer_id=offer.pk, quantity=1)
    other = release(line(9, offer), order_ref="ORDER2")[0]
    with pytest.raises(Conflict, match="tracking number"):
        actions.ship(purchase_order=other, carrier="SF", tracking_number="1", actor=kay)
    offer.stock.refresh_from_db()
    assert (offer.stock.on_hand, offer.stock.reserved) == (8, 1)


def test_delivery_is_told_once(purchase, kay):
    shipment = actions.ship(purchase_order=purchase, carrier="SF", tracking_number="1", actor=kay)
    actions.record_delivery(shipment=shipment, actor=kay)
    actions.record_delivery(shipment=shipment, actor=kay)
    assert len(published("supply.purchase_order_delivered")) == 1
    purchase.refresh_from_db()
    assert purchase.state == "DELIVERED"


def test_lines_are_called_off_until_they_leave(supplier, offer, kay):
    order = release(line(1, offer), line(2, offer_of(supplier)))[0]
    assert actions.cancel_purchase_lines(order_line_refs=[1, 99], why="remorse") == {1}
    assert actions.cancel_purchase_lines(order_line_refs=[1], why="again") == set()
    assert PurchaseOrder.objects.get(pk=order.pk).state == "RELEASED"
    assert actions.cancel_purchase_lines(order_line_refs=[2], why="remorse") == {2}
    order.refresh_from_db()
    assert order.state == "CANCELLED"
    with pytest.raises(IllegalMove):
        actions.ship(purchase_order=order, carrier="SF", tracking_number="1", actor=kay)


def test_a_cancelled_line_is_not_in_the_parcel(supplier, offer, kay):
    second = offer_of(supplier)
    for item in (offer, second):
        actions.reserve_stock(offer_id=item.pk, quantity=1)
    order = release(line(1, offer), line(2, second))[0]
    actions.cancel_purchase_lines(order_line_refs=[2], why="remorse")
    actions.ship(purchase_order=order, carrier="SF", tracking_number="1", actor=kay)
    assert published("supply.purchase_order_shipped")[0]["order_line_refs"] == [1]
    second.stock.refresh_from_db()
    assert (second.stock.on_hand, second.stock.reserved) == (10, 1)


def test_a_line_that_has_left_cannot_be_called_off(purchase, kay):
    actions.ship(purchase_order=purchase, carrier="SF", tracking_number="1", actor=kay)
    assert actions.cancel_purchase_lines(order_line_refs=[1], why="too late") == set()


def test_a_return_is_expected_once_a_case(parcel, offer):
    again = actions.expect_return(
        case_ref="CASE1",
        order_ref="ORDER1",
        offer_id=offer.pk,
        supplier_id=offer.supplier_id,
        title="x",
        quantity=5,
        reason="",
    )
    assert again == parcel
    assert again.quantity == 1


def test_an_accepted_return_goes_back_on_the_shelf_when_the_supplier_says_so(parcel, offer, kay):
    actions.return_dispatched(case_ref="CASE1", carrier="YTO", tracking_number="Y1")
    actions.receive_return(parcel=parcel, actor=kay)
    actions.inspect_return(parcel=parcel, accepted=True, restock=True, note="", actor=kay)
    offer.stock.refresh_from_db()
    assert offer.stock.on_hand == 11
    assert published("supply.return_received") == [{"case_ref": "CASE1"}]
    assert published("supply.return_inspected") == [
        {"case_ref": "CASE1", "accepted": True, "restocked": True, "note": ""}
    ]
    with pytest.raises(IllegalMove):
        actions.inspect_return(parcel=parcel, accepted=True, restock=True, note="", actor=kay)


def test_a_dispute_needs_a_reason_and_never_restocks(parcel, offer, kay):
    actions.receive_return(parcel=parcel, actor=kay)
    with pytest.raises(Invalid, match="what is wrong"):
        actions.inspect_return(parcel=parcel, accepted=False, restock=False, note=" ", actor=kay)
    with pytest.raises(Invalid, match="accepted"):
        actions.inspect_return(parcel=parcel, accepted=False, restock=True, note="x", actor=kay)
    actions.inspect_return(parcel=parcel, accepted=False, restock=False, note="worn", actor=kay)
    parcel.refresh_from_db()
    assert (parcel.state, parcel.inspection_note, parcel.restocked) == ("DISPUTED", "worn", False)
    offer.stock.refresh_from_db()
    assert offer.stock.on_hand == 10


def test_nothing_is_inspected_before_it_arrived_or_cancelled_after(parcel, kay):
    with pytest.raises(IllegalMove):
        actions.inspect_return(parcel=parcel, accepted=True, restock=True, note="", actor=kay)
    actions.receive_return(parcel=parcel, actor=kay)
    with pytest.raises(IllegalMove):
        actions.cancel_return(case_ref="CASE1")
    with pytest.raises(NotFound):
        actions.cancel_return(case_ref="CASE2")


def test_purchase_orders_and_returns_are_their_supplier_s(purchase, parcel, kay, rival):
    assert PurchaseOrder.objects.fetch(kay, number=purchase.number) == purchase
    assert ReturnParcel.objects.fetch(kay, pk=parcel.pk) == parcel
    for stranger in (rival, person()):
        with pytest.raises(NotFound):
            PurchaseOrder.objects.fetch(stranger, number=purchase.number)
        with pytest.raises(NotFound):
            ReturnParcel.objects.fetch(stranger, pk=parcel.pk)


def test_the_tables_refuse_the_wrong_role(purchase, kay):
    with pytest.raises(Forbidden):
        states.PURCHASE_ORDER.move(
            purchase, "CANCELLED", actor=actions.people.actor_of(kay), why="no"
        )
