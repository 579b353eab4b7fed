"""Payments end to end through the public webhook endpoint, with everything that can go wrong."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import permutations

import pytest
from django.conf import settings
from django.test import Client

from core import clock, deadlines
from core.actors import acting
from core.errors import Conflict
from ledger.models import Entry
from orders import actions
from orders.actions.payments import STATE_OF, fold
from orders.models import (
    PaymentEvent,
    PaymentIntent,
    Refund,
    SandboxCharge,
    SandboxWebhook,
    WebhookInbox,
)
from orders.payments import signing
from orders.payments.contract import EventKind, Retryable
from orders.payments.sandbox import SandboxProvider, sender
from orders.payments.sandbox.scenarios import BY_ENDING, choose
from orders.tests.conftest import balances, states_of

PATH = "/api/v1/payments/webhooks/sandbox"


def knock(row: SandboxWebhook, *, at=None, secret=None, body=None) -> int:
    body = body or json.dumps(row.body).encode()
    headers = signing.sign(
        secret=secret or settings.SANDBOX_WEBHOOK_SECRET,
        event_id=row.event_id,
        at=at or clock.now(),
        body=body,
    )
    answer = Client().post(PATH, body, content_type="application/json", headers=headers)
    actions.process_webhooks()
    return answer.status_code


@pytest.mark.parametrize("scenario", ["success", "duplicate", "disorder", "failed_refund"])
def test_a_payment_that_succeeds_in_whatever_way_is_booked_once(market, scenario):
    order = market.order(scenario=scenario)
    with clock.travel(timedelta(seconds=3)):
        market.pump()
    assert states_of(order) == ["PAID_ON_HOLD"]
    assert Entry.objects.count() == 1
    assert not SandboxWebhook.objects.filter(sent_at=None).exists()


def test_the_amounts_ending_chooses_the_scenario():
    assert choose(9_900, {}) == "success"
    assert {choose(5_000 + ending, {}) for ending in BY_ENDING} == set(BY_ENDING.values())
    assert choose(5_001, {"scenario": "success"}) == "success"


def test_a_declined_payment_can_be_tried_again_on_the_same_reservation(market):
    order = market.order(scenario="decline")
    market.pump()
    assert order.payments.get().failure == "The card was declined."
    assert states_of(order) == ["PENDING_PAYMENT"]
    assert actions.pay_again(order=order, buyer=market.buyer).kind == "wait"
    market.pump()
    assert states_of(order) == ["PAID_ON_HOLD"]
    assert [p.state for p in order.payments.all()] == ["FAILED", "SUCCEEDED"]


def test_a_payment_refused_at_the_start_fails_at_once(market):
    order = market.order(scenario="refuse_at_once")
    assert order.payments.get().state == "FAILED"
    assert fold(order.payments.get().events.all()) == "FAILED"


def test_a_paid_order_is_not_paid_again(market):
    order = market.paid()
    with pytest.raises(Conflict):
        actions.pay_again(order=order, buyer=market.buyer)


def test_a_delayed_payment_arrives_later(market):
    order = market.order(scenario="delay")
    market.pump()
    assert states_of(order) == ["PENDING_PAYMENT"]
    with clock.travel(timedelta(seconds=25)):
        market.pump()
    assert states_of(order) == ["PAID_ON_HOLD"]


@pytest.mark.parametrize(
    ("answer", "payment", "line"),
    [("approve", "SUCCEEDED", "PAID_ON_HOLD"), ("refuse", "FAILED", "PENDING_PAYMENT")],
)
def test_the_buyer_answers_on_the_banks_page(market, answer, payment, line):
    order = market.order(scenario="three_ds")
    market.pump()
    intent = order.payments.get()
    assert intent.state == "ACTION_REQUIRED"
    page = intent.next_action["url"]
    assert market.client.get(page).status_code == 200
    assert market.client.post(page, {"answer": answer}).status_code == 302
    market.pump()
    intent.refresh_from_db()
    assert (intent.state, states_of(order)) == (payment, [line])


def test_the_banks_page_of_another_is_not_there(market, client):
    intent = market.order(scenario="three_ds").payments.get()
    client.force_login(market.seller)
    assert client.get(intent.next_action["url"]).status_code == 404


# Webhooks ------------------------------------------------------------------------------------


def test_a_wrongly_signed_webhook_is_refused_and_not_kept(market):
    order = market.order()
    row = SandboxWebhook.objects.get()
    assert knock(row, secret="another secret") == 400
    assert not WebhookInbox.objects.exists()
    assert states_of(order) == ["PENDING_PAYMENT"]


@pytest.mark.parametrize("minutes", [-6, 6], ids=["old", "from the future"])
def test_a_stale_webhook_is_refused(market, minutes):
    market.order()
    row = SandboxWebhook.objects.get()
    assert knock(row, at=clock.now() + timedelta(minutes=minutes)) == 400
    assert not WebhookInbox.objects.exists()


def test_a_replayed_webhook_is_taken_and_changes_nothing(market):
    order = market.order()
    row = SandboxWebhook.objects.get()
    assert [knock(row), knock(row), knock(row)] == [200, 200, 200]
    assert WebhookInbox.objects.filter(processed_at__isnull=False).count() == 3
    assert PaymentEvent.objects.count() == Entry.objects.count() == 1
    assert states_of(order) == ["PAID_ON_HOLD"]


def test_a_webhook_signed_for_one_event_does_not_carry_another(market):
    market.order()
    row = SandboxWebhook.objects.get()
    body = json.dumps({**row.body, "id": "evt_other"}).encode()
    assert knock(row, body=body) == 400


def test_a_webhook_about_another_amount_waits_for_a_person(market):
    order = market.order()
    row = SandboxWebhook.objects.get()
    row.body["data"]["amount_minor"] = 1
    assert knock(row) == 200
    inbox = WebhookInbox.objects.get()
    assert inbox.processed_at is None
    assert "not Money(minor=10000" in inbox.last_error
    assert states_of(order) == ["PENDING_PAYMENT"]


def test_a_webhook_about_a_payment_we_do_not_know_stays_in_the_inbox(market):
    market.order()
    row = SandboxWebhook.objects.get()
    row.body["data"]["key"] = "00000000-0000-0000-0000-000000000000"
    assert knock(row) == 200
    assert WebhookInbox.objects.get().processed_at is None


def test_an_unknown_provider_has_no_endpoint_and_a_webhook_no_get(client, db):
    assert (
        client.post("/api/v1/payments/webhooks/nobody", b"{}", "application/json").status_code
        == 404
    )
    assert client.get(PATH).status_code == 405


def test_the_facts_fold_to_one_state_in_every_order(market):
    now = clock.now()
    kinds = [EventKind.ACTION_REQUIRED, EventKind.FAILED, EventKind.SUCCEEDED]
    facts = [
        PaymentEvent(kind=kind, occurred_at=now + timedelta(seconds=i))
        for i, kind in enumerate(kinds)
    ]
    assert {fold(order) for order in permutations(facts)} == {"SUCCEEDED"}
    assert {fold(order) for order in permutations(facts[:2])} == {"FAILED"}
    assert fold([]) == "STARTED"
    assert set(STATE_OF) == {kind for kind in EventKind if kind.startswith("payment.")}


def test_the_stored_state_is_the_fold_of_the_stored_facts(market):
    for scenario in ("success", "decline", "three_ds", "disorder", "duplicate"):
        market.order(scenario=scenario)
    with clock.travel(timedelta(seconds=3)):
        market.pump()
    for intent in PaymentIntent.objects.all():
        assert fold(intent.events.all()) == intent.state


# Repair --------------------------------------------------------------------------------------


def test_a_payment_that_a_crash_left_unstarted_is_started_later(market, monkeypatch):
    with monkeypatch.context() as trouble:
        trouble.setattr(SandboxProvider, "start", _nobody_knows)
        order = market.order()
    assert order.payments.get().provider_ref == ""
    actions.repair_payments()
    assert SandboxCharge.objects.get().key == str(order.payments.get().key)


def test_a_crash_between_the_provider_and_our_note_of_it_makes_no_second_charge(market):
    order = market.order()
    PaymentIntent.objects.update(provider_ref="", next_action={})
    with clock.travel(timedelta(seconds=6)):
        actions.repair_payments()
    assert SandboxCharge.objects.count() == 1
    assert order.payments.get().provider_ref == SandboxCharge.objects.get().ref


def test_when_no_webhook_comes_the_provider_is_asked(market):
    order = market.order()
    SandboxWebhook.objects.all().delete()
    actions.repair_payments()
    assert states_of(order) == ["PENDING_PAYMENT"]
    with clock.travel(timedelta(minutes=1)):
        actions.repair_payments()
    assert states_of(order) == ["PAID_ON_HOLD"]


def test_a_refund_that_a_crash_left_unsent_is_sent_once(market):
    order = market.paid()
    actions.cancel_order(order=order, actor=acting(market.buyer, "buyer"))
    assert Refund.objects.get().state == "REQUESTED"
    with clock.travel(timedelta(seconds=6)):
        actions.repair_payments()
        actions.repair_payments()
    assert SandboxCharge.objects.get().refunded_minor == 10_000


def test_a_failed_refund_is_tried_again_by_itself(market):
    order = market.paid(scenario="failed_refund")
    actions.cancel_order(order=order, actor=acting(market.buyer, "buyer"))
    market.pump()
    assert Refund.objects.get().state == "FAILED"
    assert balances()["platform provider_clearing"] == 10_000
    with clock.travel(timedelta(minutes=11)):
        deadlines.fire_due()
        market.pump()
    assert Refund.objects.get().state == "SUCCEEDED"
    assert balances() == {}


def test_a_webhook_that_nobody_takes_is_sent_again(market, monkeypatch):
    order = market.order()
    ours = sender.post
    monkeypatch.setattr(sender, "post", lambda *_: 503)
    assert sender.send_due() == 0
    monkeypatch.setattr(sender, "post", ours)
    assert sender.send_due() == 0
    with clock.travel(timedelta(seconds=3)):
        market.pump()
    assert states_of(order) == ["PAID_ON_HOLD"]


def _nobody_knows(*_args, **_kwargs):
    raise Retryable("time-out")
