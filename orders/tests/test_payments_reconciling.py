"""Reconciliation: every difference that can be put between a provider's record and ours is found."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from core import clock
from core.actors import Actor, acting
from core.errors import Conflict, Invalid
from orders import actions, states, tasks
from orders.models import (
    PaymentComparison,
    PaymentEvent,
    PaymentFinding,
    PaymentIntent,
    Refund,
    SandboxCharge,
    SandboxRefund,
    SandboxWebhook,
    WebhookInbox,
)
from orders.payments.contract import Misconfigured
from orders.payments.sandbox import SandboxProvider
from orders.tests.conftest import states_of

HOUR = timedelta(hours=1)


@pytest.fixture
def shop(market):
    """Three paid orders, one of them refunded: nothing differs."""
    market.orders = [market.paid() for _ in range(3)]
    market.refunded = market.paid()
    actions.cancel_order(order=market.refunded, actor=acting(market.buyer, "buyer"))
    market.pump()
    assert Refund.objects.get().state == "SUCCEEDED"
    return market


def compare(**more):
    period = {"since": clock.now() - HOUR, "until": clock.now() + HOUR, **more}
    return actions.reconcile_payments(code="sandbox", **period)


def charge_of(order) -> SandboxCharge:
    return SandboxCharge.objects.get(key=str(order.payments.get().key))


def only(*kinds: str) -> dict:
    """The one finding, by its kind and subject, written down as it was returned."""
    (found,) = compare().findings
    assert (found["kind"], found["subject"]) == kinds
    row = PaymentFinding.objects.get(state="OPEN")
    assert (row.kind, row.subject, row.key, row.ref) == (*kinds, found["key"], found["ref"])
    return found


def test_where_nothing_differs_nothing_is_found(shop):
    done = compare()
    assert (done.charges, done.refunds, done.findings) == (4, 1, [])
    assert not PaymentFinding.objects.exists()


def test_a_charge_that_we_never_asked_for_is_found(shop):
    SandboxCharge.objects.create(
        ref="sc_x", key=uuid.uuid4(), amount_minor=77, currency="CNY", status="succeeded"
    )
    found = only("missing_here", "charge")
    assert (found["ref"], found["theirs"], found["order"]) == ("sc_x", "¥0.77", None)


@pytest.mark.parametrize("state", ["STARTED", "FAILED", "CANCELLED"])
def test_a_charge_that_we_have_not_booked_is_found(shop, state):
    shop.orders[0].payments.update(state=state)
    found = only("state_differs", "charge")
    assert (found["ours_state"], found["theirs_state"]) == (state, "SUCCEEDED")
    assert found["order"] == shop.orders[0].number


def test_a_charge_that_the_provider_does_not_know_is_found(shop):
    charge_of(shop.orders[0]).delete()
    found = only("missing_there", "charge")
    assert (found["ours"], found["theirs"]) == ("¥100.00", None)
    assert found["order"] == shop.orders[0].number


def test_a_charge_that_the_provider_never_collected_is_found(shop):
    SandboxCharge.objects.filter(pk=charge_of(shop.orders[0]).pk).update(status="failed")
    assert only("state_differs", "charge")["theirs_state"] == "FAILED"


@pytest.mark.parametrize("minor", [1, 9_999, 10_001, 1_000_000])
def test_another_amount_is_found(shop, minor):
    SandboxCharge.objects.filter(pk=charge_of(shop.orders[0]).pk).update(amount_minor=minor)
    assert only("amount_differs", "charge")["ours"] == "¥100.00"
    row = PaymentFinding.objects.get()
    assert (row.ours_minor, row.theirs_minor) == (10_000, minor)


def test_another_currency_is_found(shop):
    SandboxCharge.objects.filter(pk=charge_of(shop.orders[0]).pk).update(currency="JPY")
    assert only("currency_differs", "charge")["theirs"] == "¥10,000"
    assert PaymentFinding.objects.get().theirs_currency == "JPY"


def test_a_refund_that_nobody_here_asked_for_is_found(shop):
    charge = charge_of(shop.orders[0])
    charge.refunds.create(ref="sr_x", key="", amount_minor=5, status="succeeded")
    assert only("missing_here", "refund")["ref"] == "sr_x"


@pytest.mark.parametrize("state", ["REQUESTED", "SUBMITTED", "FAILED"])
def test_a_refund_that_we_have_not_booked_is_found(shop, state):
    Refund.objects.update(state=state)
    assert only("state_differs", "refund")["order"] == shop.refunded.number


def test_a_refund_that_the_provider_does_not_know_is_found(shop):
    SandboxRefund.objects.all().delete()
    only("missing_there", "refund")


def test_a_refund_of_another_amount_is_found(shop):
    SandboxRefund.objects.update(amount_minor=9_000)
    found = only("amount_differs", "refund")
    assert (found["ours"], found["theirs"]) == ("¥100.00", "¥90.00")


def again(order, **more) -> PaymentIntent:
    """A second payment of the same order, collected by the provider."""
    first = order.payments.get()
    second = PaymentIntent.objects.create(
        order=order, provider="sandbox", amount_minor=10_000, currency="CNY", **more
    )
    charge = SandboxCharge.objects.create(
        ref="sc_2", key=str(second.key), amount_minor=10_000, currency="CNY", status="succeeded"
    )
    PaymentIntent.objects.filter(pk=second.pk).update(provider_ref=charge.ref)
    assert first.pk < second.pk
    return second


def test_an_order_paid_twice_is_found_whether_we_booked_it_or_not(shop):
    second = again(shop.orders[0], state="FAILED")
    assert only("paid_twice", "charge")["key"] == str(second.key)
    PaymentIntent.objects.filter(pk=second.pk).update(state="SUCCEEDED")
    PaymentEvent.objects.create(
        provider="sandbox",
        provider_event_id="e2",
        intent=second,
        kind="payment.succeeded",
        occurred_at=clock.now(),
    )
    assert only("paid_twice", "charge")["order"] == shop.orders[0].number


def test_a_second_payment_that_was_sent_back_is_no_difference(shop):
    order = shop.orders[0]
    second = again(order)
    shop.pump()
    with clock.travel(timedelta(minutes=1)):
        # The provider is asked, then the refund goes out.
        shop.pump()
        shop.pump()
    assert [p.state for p in order.payments.all()] == ["SUCCEEDED", "SUCCEEDED"]
    assert Refund.objects.get(intent=second).state == "SUCCEEDED"
    assert compare().findings == []
    assert states_of(order) == ["PAID_ON_HOLD"]


def test_one_key_collected_or_refunded_twice_is_found(shop, monkeypatch):
    honest = SandboxProvider.movements

    def doubled(self, since, until):
        moved = list(honest(self, since, until))
        first, last = moved[0], moved[-1]
        return [*moved, _as(first, "sc_again"), _as(last, "sr_again")]

    monkeypatch.setattr(SandboxProvider, "movements", doubled)
    found = {(item["kind"], item["ref"]) for item in compare().findings}
    assert {kind for kind, _ref in found} == {"paid_twice", "refunded_twice"}
    assert len(found) == 2


def _as(movement, ref):
    return replace(movement, ref=ref, at=movement.at + timedelta(seconds=1))


def test_all_differences_at_once_are_all_found(shop):
    charge_of(shop.orders[0]).delete()
    SandboxCharge.objects.filter(pk=charge_of(shop.orders[1]).pk).update(amount_minor=1)
    charge_of(shop.orders[2]).refunds.create(
        ref="sr_x", key="no key of ours", amount_minor=5, status="succeeded"
    )
    SandboxRefund.objects.filter(key=str(Refund.objects.get().key)).delete()
    kinds = sorted((item["kind"], item["subject"]) for item in compare().findings)
    assert kinds == [
        ("amount_differs", "charge"),
        ("missing_here", "refund"),
        ("missing_there", "charge"),
        ("missing_there", "refund"),
    ]


# The life of a finding ------------------------------------------------------------------------


def test_a_payment_on_the_other_side_of_midnight_is_no_difference(shop):
    PaymentEvent.objects.update(occurred_at=clock.now() - timedelta(days=1))
    yesterday = clock.now() - timedelta(days=1, hours=1)
    assert compare(since=yesterday, until=yesterday + 2 * HOUR).findings == []


def states_in_turn(row: PaymentFinding) -> list[str]:
    return list(states.FINDING.history(row).values_list("to_state", flat=True))


def test_a_finding_is_written_once_goes_when_it_is_gone_and_opens_when_it_is_back(shop):
    shop.orders[0].payments.update(state="STARTED")
    compare()
    compare()
    row = PaymentFinding.objects.get()
    shop.orders[0].payments.update(state="SUCCEEDED")
    compare()
    shop.orders[0].payments.update(state="STARTED")
    compare()
    assert states_in_turn(row) == ["OPEN", "GONE", "OPEN"]


ADMIN = Actor("admin", None, "staff")


def test_what_a_person_closed_stays_closed_until_its_figures_change(shop):
    shop.orders[0].payments.update(state="STARTED")
    compare()
    row = PaymentFinding.objects.get()
    with pytest.raises(Invalid):
        actions.close_finding(finding=row, actor=ADMIN, why=" \x00 ")
    actions.close_finding(finding=row, actor=ADMIN, why="booked by hand")
    with pytest.raises(Conflict):
        actions.close_finding(finding=row, actor=ADMIN, why="again")
    compare()
    row.refresh_from_db()
    assert row.state == "CLOSED"
    assert states.FINDING.history(row).last().why == "booked by hand"
    shop.orders[0].payments.update(state="CANCELLED")
    compare()
    row.refresh_from_db()
    assert (row.state, row.ours_state) == ("OPEN", "CANCELLED")


def test_a_second_refund_under_one_key_is_found_on_another_day_too(shop, monkeypatch):
    """The provider's record is kept: each day alone would look right."""
    compare()
    later = clock.now() + timedelta(days=5)
    again = replace(next(refunds_told()), ref="sr_again", at=later)
    monkeypatch.setattr(SandboxProvider, "movements", lambda self, since, until: iter([again]))
    (found,) = compare(since=later - HOUR, until=later + HOUR).findings
    assert (found["kind"], found["ref"]) == ("refunded_twice", "sr_again")


def refunds_told():
    now = clock.now()
    told = SandboxProvider().movements(now - HOUR, now + HOUR)
    return (item for item in told if item.kind == "refund")


def test_asking_the_provider_books_what_it_says_and_closes_the_finding(market):
    order = market.order()
    WebhookInbox.objects.all().delete()
    SandboxWebhook.objects.all().delete()
    assert order.payments.get().state == "STARTED"
    actions.start_payment(intent=order.payments.get())
    compare()
    row = PaymentFinding.objects.get()
    assert actions.ask_provider(finding=row)
    assert states_of(order) == ["PAID_ON_HOLD"]
    assert states_in_turn(row) == ["OPEN", "GONE"]


def test_a_finding_without_a_name_at_the_provider_cannot_be_asked_for(shop):
    SandboxCharge.objects.create(
        ref="sc_x", key=uuid.uuid4(), amount_minor=77, currency="CNY", status="succeeded"
    )
    compare()
    with pytest.raises(Conflict):
        actions.ask_provider(finding=PaymentFinding.objects.get())


# Fees -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("minor", "differs"), [(60, False), (61, False), (62, True), (0, True)])
def test_another_fee_than_agreed_is_found_but_not_how_it_is_rounded(shop, minor, differs):
    SandboxCharge.objects.filter(pk=charge_of(shop.orders[0]).pk).update(fee_minor=minor)
    if differs:
        assert only("fee_differs", "charge")["ours"] == "¥0.60"
        assert PaymentFinding.objects.get().theirs_minor == minor
    else:
        assert compare().findings == []


def test_no_fee_is_compared_where_none_was_agreed_or_told(shop, settings):
    SandboxCharge.objects.update(fee_minor=None)
    assert compare().findings == []
    SandboxCharge.objects.update(fee_minor=5)
    settings.PAYMENT_FEES = ["stripe=290+30"]
    assert compare().findings == []


def test_a_tariff_that_cannot_be_read_is_said_and_the_failure_is_kept(shop, settings):
    settings.PAYMENT_FEES = ["sandbox=2.9%"]
    with pytest.raises(Misconfigured):
        compare()
    assert "2.9%" in PaymentComparison.objects.get().failure


# Every night ----------------------------------------------------------------------------------


def test_the_nightly_task_finds_yesterday_and_closes_what_was_repaired(shop):
    shop.orders[0].payments.update(state="STARTED")
    with clock.travel(timedelta(days=1)):
        tasks.reconcile_payments()
    row = PaymentFinding.objects.get()
    shop.orders[0].payments.update(state="SUCCEEDED")
    with clock.travel(timedelta(days=20)):
        tasks.reconcile_payments()
    assert states_in_turn(row) == ["OPEN", "GONE"]
    assert PaymentComparison.objects.count() == 2


def test_a_provider_that_fails_does_not_keep_the_others_waiting(shop):
    shop.orders[0].payments.update(provider="stripe")
    with clock.travel(timedelta(days=1)):
        tasks.reconcile_payments()
    told = {row.provider: row.failure for row in PaymentComparison.objects.all()}
    assert told["sandbox"] == ""
    assert "STRIPE_SECRET_KEY" in told["stripe"]


def test_a_record_that_cannot_be_read_is_kept_as_a_failure_too(shop, monkeypatch):
    def broken(self, since, until):
        raise KeyError("amount")

    monkeypatch.setattr(SandboxProvider, "movements", broken)
    with clock.travel(timedelta(days=1)):
        tasks.reconcile_payments()
    assert "amount" in PaymentComparison.objects.get().failure


# The command ----------------------------------------------------------------------------------


def run(*args: str) -> tuple[dict, int]:
    out, status = StringIO(), 0
    try:
        call_command("reconcile_payments", *args, stdout=out)
    except SystemExit as end:
        status = int(end.code or 0)
    return json.loads(out.getvalue()), status


def test_the_command_prints_json_and_exits_with_1_when_something_differs(shop):
    since, until = (clock.now() - HOUR).isoformat(), (clock.now() + HOUR).isoformat()
    told, status = run("--since", since, "--until", until)
    (result,) = told["providers"]
    assert (result, status) == (
        {"provider": "sandbox", "charges": 4, "refunds": 1, "findings": []},
        0,
    )
    charge_of(shop.orders[0]).delete()
    told, status = run("--provider", "sandbox", "--since", since, "--until", until)
    assert [item["kind"] for item in told["providers"][0]["findings"]] == ["missing_there"]
    assert status == 1


def test_the_command_takes_yesterday_when_nothing_is_said(shop):
    told, _status = run()
    assert told["since"][:10] == (clock.now() - timedelta(days=1)).date().isoformat()
    assert told["until"][:10] == clock.now().date().isoformat()
    assert told["providers"][0]["charges"] == 0


@pytest.mark.parametrize(
    "args",
    [
        ["--since", "the other day"],
        ["--since", "2026-13-40"],
        ["--provider", "nobody"],
        ["--provider", "stripe"],
        ["--provider", "alipay"],
        ["--since", "2026-11-24", "--until", "2026-11-23"],
    ],
)
def test_the_command_says_what_is_wrong_with_its_input(db, args):
    with pytest.raises(CommandError):
        run(*args)


def test_a_period_must_not_end_before_it_begins(db):
    with pytest.raises(Invalid):
        compare(since=clock.now(), until=clock.now() - HOUR)
