"""Placing an order: what is refused, what is promised, what happens when nobody pays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from core import clock
from core.errors import Conflict, Invalid, KeyReused, NotFound, SoldOut
from core.models import OutboxEvent
from orders import actions
from orders.actions import Wanted
from orders.models import Order, PaymentIntent
from orders.tests.conftest import address_of, balances, promised, states_of, user
from promotion.actions import place, pull
from supply.actions import set_stock


def test_one_key_is_one_order_however_often_it_is_sent(market):
    first = market.order(key="same")
    assert market.order(key="same") == first
    assert Order.objects.count() == PaymentIntent.objects.count() == 1
    assert market.stock() == (10, 1)


def test_one_key_with_another_wish_is_refused(market):
    market.order(key="same")
    with pytest.raises(KeyReused):
        market.order(market.wanted(2), key="same")
    assert Order.objects.count() == 1


def test_the_key_of_one_buyer_is_not_the_key_of_another(market):
    other = user("other")
    address_of(other)
    market.order(key="same")
    market.order(key="same", buyer=other)
    assert Order.objects.count() == 2


def test_more_than_there_is_cannot_be_bought_and_the_answer_names_what_is_left(market):
    with pytest.raises(SoldOut) as refused:
        market.order(market.wanted(11))
    assert refused.value.extra["left"] == 10
    assert market.stock() == (10, 0)
    assert not Order.objects.exists()
    assert not OutboxEvent.objects.filter(topic="orders.order_placed").exists()


def test_a_refused_key_stays_free(market):
    with pytest.raises(SoldOut):
        market.order(market.wanted(11), key="k")
    assert market.order(market.wanted(10), key="k").total_minor == 100_000


def test_when_one_of_two_lines_is_sold_out_nothing_is_reserved(market):
    rare = market.into_room(market.new_offer("RARE", on_hand=1))
    with pytest.raises(SoldOut):
        market.order(market.wanted(1), market.wanted(2, rare))
    assert market.stock() == (10, 0)
    assert promised() == {}


@pytest.mark.parametrize("quantity", [0, -1, 100])
def test_a_quantity_outside_1_to_99_is_refused(market, quantity):
    with pytest.raises(Invalid) as refused:
        market.order(market.wanted(quantity))
    assert refused.value.code == "limit"


def test_an_order_has_one_to_twenty_lines(market):
    with pytest.raises(Invalid):
        actions.place_order(buyer=market.buyer, address=None, lines=[], key="k", source="test")
    with pytest.raises(Invalid) as refused:
        market.order(*[market.wanted()] * 21)
    assert refused.value.code == "limit"
    assert market.order(*[market.wanted()] * 10).lines.count() == 10


def test_goods_go_only_to_an_address_of_ones_own(market):
    foreign = address_of(user("other"))
    with pytest.raises(NotFound):
        market.order(address=foreign.pk)
    with pytest.raises(NotFound):
        market.order(address=foreign)
    assert market.order(address=market.address.pk).ship_to["city"] == "Hangzhou"


def test_without_an_address_the_buyer_is_asked_for_one(market):
    with pytest.raises(Invalid) as refused:
        market.order(buyer=user("nomad"))
    assert refused.value.code == "address_required"


def test_an_item_that_left_the_room_cannot_be_bought(market):
    pull(placement=market.placement, actor=market.anchor)
    with pytest.raises(Conflict) as refused:
        market.order()
    assert refused.value.code == "closed"


def test_an_item_whose_time_in_the_room_is_over_cannot_be_bought(market):
    listing = market.into_room(market.new_offer("SHORT")).listing_variant.listing
    brief = place(
        anchor=market.anchor,
        listing=listing,
        room_ref=2,
        expires_at=timezone.now() + timedelta(minutes=5),
    )
    with clock.travel(timedelta(minutes=6)), pytest.raises(Conflict) as refused:
        market.order(market.wanted(1, brief.terms.get()))
    assert refused.value.code == "closed"


def test_an_unknown_item_is_not_found(market):
    with pytest.raises(NotFound):
        market.order(Wanted(quantity=1, placement_id=market.placement.pk, variant_id=999_999))
    with pytest.raises(Invalid):
        market.order(Wanted(quantity=1, placement_id=market.placement.pk))


def test_bought_off_air_there_is_no_anchor_and_no_commission(market):
    order = market.paid(Wanted(listing_variant_id=market.term.listing_variant_id))
    line = order.lines.get()
    assert line.anchor is None
    assert line.placement is None
    assert balances() == {
        "platform provider_clearing": 10_000,
        "supplier supplier_payable": -6_000,
        "platform platform_fee": -4_000,
    }


def test_the_terms_of_the_moment_stay_though_the_offer_changes(market):
    from supply.actions import update_offer

    order = market.order()
    update_offer(offer=market.offer, actor=market.seller, supply_price_minor=9_000, title="New")
    market.pump()
    assert balances()["supplier supplier_payable"] == -6_000
    assert order.lines.get().title == "Goods SCARF"


def test_what_nobody_pays_expires_and_its_stock_is_free_again(market):
    order = market.order(market.wanted(4), scenario="three_ds")
    assert actions.expire_unpaid() == 0
    with clock.travel(timedelta(minutes=15, seconds=1)):
        assert actions.expire_unpaid() == 1
        assert actions.expire_unpaid() == 0
    assert states_of(order) == ["EXPIRED"]
    assert market.stock() == (10, 0)
    assert order.payments.get().state == "CANCELLED"


def late_payment(market, order):
    from orders.payments.sandbox import SandboxProvider

    with clock.travel(timedelta(minutes=16)):
        actions.expire_unpaid()
        SandboxProvider().confirm(order.payments.get().provider_ref, approve=True)
        market.pump()


def test_money_that_comes_late_reserves_again_while_there_is_stock(market):
    order = market.order(market.wanted(4), scenario="three_ds")
    late_payment(market, order)
    assert states_of(order) == ["PAID_ON_HOLD"]
    assert market.stock() == (10, 4)
    assert promised() == {market.offer.pk: 4}


def test_money_that_comes_late_for_goods_that_are_gone_goes_back_by_itself(market):
    order = market.order(market.wanted(4), scenario="three_ds")
    with clock.travel(timedelta(minutes=16)):
        actions.expire_unpaid()
    set_stock(offer=market.offer, on_hand=3, actor=market.seller, why="counted")
    late_payment(market, order)
    assert states_of(order) == ["EXPIRED"]
    assert order.refunds.get().state == "SUCCEEDED"
    assert balances() == {}


def test_money_for_an_order_cancelled_meanwhile_goes_back_by_itself(market):
    from core.actors import acting

    order = market.order(scenario="delay")
    actions.cancel_order(order=order, actor=acting(market.buyer, "buyer"))
    assert market.stock() == (10, 0)
    with clock.travel(timedelta(seconds=30)):
        market.pump()
    assert order.payments.get().state == "SUCCEEDED"
    assert order.refunds.get().state == "SUCCEEDED"
    assert balances() == {}


def test_an_order_paid_twice_keeps_one_payment_and_sends_the_other_back(market):
    order = market.order(scenario="decline")
    market.pump()
    failed = order.payments.get()
    assert failed.state == "FAILED"
    actions.pay_again(order=order, buyer=market.buyer)
    market.pump()
    assert states_of(order) == ["PAID_ON_HOLD"]
    # The first provider changes its mind and says that it did collect.
    from orders.models import SandboxCharge
    from orders.payments.sandbox.provider import SandboxProvider

    SandboxCharge.objects.filter(ref=failed.provider_ref).update(status="succeeded")
    event = SandboxProvider().fetch(failed.provider_ref)
    actions.settle_payment(code="sandbox", event=event)
    market.pump()
    refund = order.refunds.get()
    assert (refund.intent, refund.state) == (failed, "SUCCEEDED")
    assert balances()["platform provider_clearing"] == 10_000
    actions.cancel_order(order=order, actor=_buyer(market))
    market.pump()
    assert balances() == {}


def _buyer(market):
    from core.actors import acting

    return acting(market.buyer, "buyer")
