"""Commissions: estimated once, taken back with refunds, confirmed when the goods are kept."""

from __future__ import annotations

import pytest

from core.errors import Conflict, IllegalMove, Invalid, NotFound
from promotion import actions, states
from promotion.models import Commission
from supply.tests.goods import person


def estimate(ann, listing, ref=1, amount=1_980):
    placement = actions.place(anchor=ann, listing=listing, room_ref=100 + ref)
    return actions.estimate(
        order_line_ref=ref,
        anchor_id=ann.pk,
        placement_id=placement.pk,
        amount_minor=amount,
        rate_bps=2_000,
        currency="CNY",
    )


@pytest.fixture
def commission(ann, listing) -> Commission:
    return estimate(ann, listing)


def test_a_line_has_one_commission(commission, ann):
    again = actions.estimate(
        order_line_ref=1,
        anchor_id=ann.pk,
        placement_id=commission.placement_id,
        amount_minor=5,
        rate_bps=1,
        currency="CNY",
    )
    assert (again.pk, again.amount_minor) == (commission.pk, 1_980)
    with pytest.raises(Invalid):
        actions.estimate(
            order_line_ref=2,
            anchor_id=ann.pk,
            placement_id=commission.placement_id,
            amount_minor=-1,
            rate_bps=1,
            currency="CNY",
        )


def test_refunds_take_it_back_bit_by_bit_until_it_is_void(commission):
    assert actions.reverse(order_line_ref=1, amount_minor=500).state == "ESTIMATED"
    assert actions.reverse(order_line_ref=1, amount_minor=1_480).state == "VOIDED"
    with pytest.raises(Conflict):
        actions.reverse(order_line_ref=1, amount_minor=1)


def test_no_more_is_taken_back_than_there_is(commission):
    for amount in (1_981, -1):
        with pytest.raises(Conflict):
            actions.reverse(order_line_ref=1, amount_minor=amount)
    commission.refresh_from_db()
    assert commission.left_minor == 1_980


def test_a_line_without_commission_is_left_alone(db):
    assert actions.reverse(order_line_ref=5, amount_minor=5) is None
    assert actions.confirm(order_line_ref=5) is None


def test_kept_goods_confirm_it_once_and_a_later_refund_still_takes_it_back(commission):
    assert actions.confirm(order_line_ref=1).state == "CONFIRMED"
    assert actions.confirm(order_line_ref=1).state == "CONFIRMED"
    assert actions.reverse(order_line_ref=1, amount_minor=1_980).state == "VOIDED"
    assert actions.confirm(order_line_ref=1).state == "VOIDED"
    steps = states.COMMISSION.history(commission).values_list("to_state", flat=True)
    assert list(steps) == ["ESTIMATED", "CONFIRMED", "VOIDED"]


def test_a_held_commission_is_not_confirmed_until_it_is_let_go(commission):
    actions.hold(commission=commission, why="looks like self-buying")
    assert actions.confirm(order_line_ref=1).state == "HELD"
    commission.refresh_from_db()
    actions.unhold(commission=commission, why="checked")
    assert actions.confirm(order_line_ref=1).state == "CONFIRMED"
    commission.refresh_from_db()
    with pytest.raises(IllegalMove):
        actions.hold(commission=commission, why="too late")


def test_commissions_are_their_anchor_s(commission, ann):
    assert Commission.objects.fetch(ann, pk=commission.pk) == commission
    with pytest.raises(NotFound):
        Commission.objects.fetch(person(), pk=commission.pk)
