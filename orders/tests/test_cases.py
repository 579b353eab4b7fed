"""After-sale: every road through a case, every deadline, and every step out of order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import clock, deadlines
from core.actors import SYSTEM, acting
from core.errors import Conflict, DomainError, Forbidden, IllegalMove, Invalid
from core.models import Deadline
from orders import actions, states
from orders.models import AfterSaleCase
from orders.tests.conftest import balances, states_of
from supply.actions import inspect_return, receive_return
from supply.models import ReturnParcel


def claim(market, order, **more):
    return actions.open_case(
        line=order.lines.get(),
        buyer=market.buyer,
        **{"kind": "return_and_refund", "reason": "not_as_shown", **more},
    )


def supplier_of(market):
    return acting(market.seller, "supplier")


def pass_time(**period):
    with clock.travel(timedelta(**period)):
        deadlines.fire_due()


def state(case) -> str:
    case.refresh_from_db()
    return case.state


def test_a_case_names_who_is_presumed_at_fault_and_what_is_claimed(market):
    case = claim(market, market.delivered(market.wanted(3)), quantity=2)
    assert (case.fault, case.amount_minor, case.state) == ("anchor", 20_000, "REQUESTED")
    assert case.deadline is not None


def test_while_a_case_is_open_the_confirmation_clock_stands_still(market):
    order = market.delivered()
    case = claim(market, order)
    with clock.travel(timedelta(days=8)):
        assert not [row for row in _due() if row.machine == "orders.line"]
    with pytest.raises(Conflict):
        actions.confirm_receipt(order=order, buyer=market.buyer)
    actions.withdraw_case(case=case, buyer=market.buyer)
    with clock.travel(timedelta(days=8)):
        deadlines.fire_due()
    assert states_of(order) == ["COMPLETED"]


def _due():
    return Deadline.objects.filter(paused=False, due_at__lte=clock.now())


def test_a_silent_supplier_approves(market):
    case = claim(market, market.delivered())
    pass_time(hours=47)
    assert state(case) == "REQUESTED"
    pass_time(hours=49)
    assert state(case) == "AWAITING_RETURN"
    assert ReturnParcel.objects.get(case_ref=case.number).state == "EXPECTED"


def test_goods_that_are_never_sent_back_close_the_case_and_the_clock_runs_on(market):
    order = market.delivered()
    case = claim(market, order)
    actions.approve_case(case=case, actor=supplier_of(market))
    pass_time(days=5, hours=1)
    assert state(case) == "CLOSED"
    assert ReturnParcel.objects.get(case_ref=case.number).state == "CANCELLED"
    pass_time(days=15)
    assert states_of(order) == ["COMPLETED"]


def test_a_supplier_who_neither_receives_nor_inspects_pays(market):
    order = market.delivered()
    case = claim(market, order)
    actions.approve_case(case=case, actor=supplier_of(market))
    actions.dispatch_return(case=case, buyer=market.buyer, carrier="ZTO", tracking_number="Z1")
    with clock.travel(timedelta(days=10, hours=1)):
        deadlines.fire_due()
        assert state(case) == "INSPECTING"
        with clock.travel(timedelta(days=3, hours=1)):
            deadlines.fire_due()
            market.pump()
    assert state(case) == "REFUNDED"
    assert balances() == {}


def test_a_refused_claim_that_nobody_takes_further_is_closed(market):
    case = claim(market, market.delivered())
    actions.reject_case(case=case, actor=supplier_of(market), note="worn")
    pass_time(hours=49)
    assert state(case) == "CLOSED"


def test_a_refusal_needs_a_reason(market):
    case = claim(market, market.delivered())
    with pytest.raises(Invalid):
        actions.reject_case(case=case, actor=supplier_of(market), note="  ")
    assert state(case) == "REQUESTED"


def test_a_refused_claim_taken_to_the_house_and_won_awaits_the_goods_first(market):
    case = claim(market, market.delivered())
    actions.reject_case(case=case, actor=supplier_of(market), note="worn")
    actions.escalate_case(case=case, buyer=market.buyer, why="it is new")
    assert state(case) == "ARBITRATING"
    actions.rule_case(
        case=case, actor=acting(market.staff, "admin"), for_buyer=True, note="seen", fault="carrier"
    )
    assert (state(case), case.fault) == ("AWAITING_RETURN", "carrier")


def test_goods_disputed_on_inspection_and_won_by_the_buyer_are_paid(market):
    order = market.delivered()
    case = market.returned(order)
    market.inspected(case, accepted=False)
    assert state(case) == "ARBITRATING"
    actions.rule_case(case=case, actor=acting(market.staff, "admin"), for_buyer=True, note="as new")
    market.pump()
    assert state(case) == "REFUNDED"
    assert balances() == {}
    assert market.stock() == (9, 0)


def test_ruled_for_the_seller_nothing_is_paid_and_the_line_completes(market):
    order = market.delivered()
    case = market.returned(order)
    market.inspected(case, accepted=False)
    actions.rule_case(case=case, actor=acting(market.staff, "admin"), for_buyer=False, note="worn")
    assert state(case) == "CLOSED"
    pass_time(days=9)
    assert states_of(order) == ["COMPLETED"]
    assert balances()["platform provider_clearing"] == 10_000


def test_a_ruling_needs_grounds_and_an_admin(market):
    case = market.returned(market.delivered())
    market.inspected(case, accepted=False)
    with pytest.raises(Invalid):
        actions.rule_case(case=case, actor=acting(market.staff, "admin"), for_buyer=True, note="")
    with pytest.raises(Forbidden):
        actions.rule_case(case=case, actor=supplier_of(market), for_buyer=False, note="mine")
    assert state(case) == "ARBITRATING"


def test_an_inspection_after_the_house_paid_by_time_out_changes_nothing(market):
    case = market.returned(market.delivered())
    with clock.travel(timedelta(days=3, hours=1)):
        deadlines.fire_due()
        market.pump()
    assert state(case) == "REFUNDED"
    market.inspected(case, accepted=False)
    assert state(case) == "REFUNDED"


def test_goods_that_come_without_being_announced_are_taken_all_the_same(market):
    case = claim(market, market.delivered())
    actions.approve_case(case=case, actor=supplier_of(market))
    parcel = ReturnParcel.objects.get(case_ref=case.number)
    receive_return(parcel=parcel, actor=market.seller)
    parcel.refresh_from_db()
    inspect_return(parcel=parcel, accepted=True, restock=False, note="", actor=market.seller)
    market.pump()
    assert state(case) == "REFUNDED"
    assert market.stock() == (9, 0)


def test_a_second_case_is_refused_while_one_is_open_and_more_than_bought_never_returns(market):
    order = market.delivered(market.wanted(2))
    case = market.returned(order, quantity=1)
    with pytest.raises(Conflict):
        claim(market, order)
    market.inspected(case)
    with pytest.raises(Invalid):
        claim(market, order, quantity=2)
    assert claim(market, order).quantity == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "gift"},
        {"reason": "because"},
        {"quantity": 0},
        {"quantity": 2},
        {"description": "x" * 2001},
    ],
    ids=["kind", "reason", "none", "more than bought", "too long"],
)
def test_a_claim_that_makes_no_sense_is_refused(market, wrong):
    order = market.delivered()
    with pytest.raises(Invalid):
        claim(market, order, **wrong)
    assert not AfterSaleCase.objects.exists()


def test_nothing_is_returned_before_it_arrived(market):
    for order in (market.order(), market.paid(), market.allocated()):
        with pytest.raises(Conflict):
            claim(market, order)


def test_a_refund_before_shipping_is_for_released_goods_only(market):
    for order in (market.order(), market.paid(), market.delivered()):
        with pytest.raises(Conflict):
            claim(market, order, kind="refund_before_shipping")


def at_each_step(market):
    """The same case seen at every station of its way."""
    order = market.delivered()
    case = claim(market, order)
    yield "REQUESTED", case
    actions.approve_case(case=case, actor=supplier_of(market))
    yield "AWAITING_RETURN", case
    actions.dispatch_return(case=case, buyer=market.buyer, carrier="ZTO", tracking_number="Z1")
    yield "RETURN_IN_TRANSIT", case
    receive_return(parcel=ReturnParcel.objects.get(case_ref=case.number), actor=market.seller)
    market.pump()
    yield "INSPECTING", case
    market.inspected(case)
    yield "REFUNDED", case


def test_every_step_out_of_order_is_refused_and_leaves_the_case_as_it_was(market):
    supplier, admin = supplier_of(market), acting(market.staff, "admin")
    verbs = {
        "approve": lambda c: actions.approve_case(case=c, actor=supplier),
        "reject": lambda c: actions.reject_case(case=c, actor=supplier, note="no"),
        "withdraw": lambda c: actions.withdraw_case(case=c, buyer=market.buyer),
        "dispatch": lambda c: actions.dispatch_return(
            case=c, buyer=market.buyer, carrier="Z", tracking_number="1"
        ),
        "escalate": lambda c: actions.escalate_case(case=c, buyer=market.buyer, why="x"),
        "rule": lambda c: actions.rule_case(case=c, actor=admin, for_buyer=True, note="x"),
    }
    legal = {
        "REQUESTED": {"approve", "reject", "withdraw"},
        "AWAITING_RETURN": {"withdraw", "dispatch"},
        "RETURN_IN_TRANSIT": set(),
        "INSPECTING": set(),
        "REFUNDED": set(),
    }
    for expected, case in at_each_step(market):
        for name, verb in verbs.items():
            if name in legal[expected]:
                continue
            with pytest.raises(IllegalMove):
                verb(case)
            assert state(case) == expected, name


def test_every_step_of_an_order_out_of_order_is_refused(market):
    verbs = {
        "cancel": lambda o: actions.cancel_order(order=o, actor=acting(market.buyer, "buyer")),
        "release": lambda o: actions.release_hold(order=o, buyer=market.buyer),
        "confirm": lambda o: actions.confirm_receipt(order=o, buyer=market.buyer),
        "pay": lambda o: actions.pay_again(order=o, buyer=market.buyer),
    }
    stations = [
        (market.order(scenario="three_ds"), {"cancel", "pay"}),
        (market.paid(), {"cancel", "release"}),
        (market.allocated(), set()),
        (market.delivered(), {"confirm"}),
    ]
    done = market.delivered()
    actions.confirm_receipt(order=done, buyer=market.buyer)
    stations.append((done, set()))
    for order, legal in stations:
        before = states_of(order)
        for name in verbs.keys() - legal:
            with pytest.raises(DomainError):
                verbs[name](order)
            assert states_of(order) == before, name


def test_the_tables_refuse_moves_they_do_not_have(market):
    line = market.paid().lines.get()
    with pytest.raises(IllegalMove, match="Legal from here"):
        states.LINE.move(line, "DELIVERED", actor=SYSTEM)
    with pytest.raises(Forbidden):
        states.LINE.move(line, "PAID", actor=supplier_of(market))


def test_notes_are_for_both_sides_until_the_case_is_closed(market):
    case = claim(market, market.delivered())
    actions.add_note(case=case, author=market.buyer, role="buyer", text=" Look at the seam. ")
    assert case.notes.get().text == "Look at the seam."
    with pytest.raises(Invalid):
        actions.add_note(case=case, author=market.buyer, role="buyer", text="  ")
    actions.withdraw_case(case=case, buyer=market.buyer)
    with pytest.raises(Conflict):
        actions.add_note(case=case, author=market.buyer, role="buyer", text="too late")
