"""What every payment provider must do. A new provider joins by adding its bench to `BENCHES`."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.conf import settings

from core import clock
from core.money import Money
from orders.models import SandboxCharge, SandboxWebhook
from orders.payments import signing
from orders.payments.contract import (
    BadSignature,
    Charge,
    Declined,
    EventKind,
    MovementKind,
    PaymentProvider,
    ProviderEvent,
    Started,
)
from orders.payments.registry import PROVIDERS, provider
from orders.payments.sandbox import SandboxProvider
from orders.tests.doubles.alipay import AlipayDouble
from orders.tests.doubles.place import alipay_at, stripe_at
from orders.tests.doubles.stripe import StripeDouble


class Bench:
    """Steers one provider and reads what it would send."""

    code = ""
    # Most providers tell a refused payment; Alipay's buyer stays on its page and tries again.
    tells_a_refusal = True
    # Most sign the time too; a replay of the others is harmless by its id.
    signs_the_time = True
    # Most tell a failed refund later.
    refuses_refunds_at_once = False

    @contextmanager
    def open(self, settings: Any) -> Iterator[None]:
        yield

    def charge(self, wish: str = "success", amount: int = 1000) -> Charge:
        raise NotImplementedError

    def visit(self, started: Started) -> None:
        """The buyer's browser opens the page it was sent to."""

    def approve(self, ref: str) -> None:
        """The buyer says yes there."""
        raise NotImplementedError

    def fail_refund(self, key: str) -> None:
        """The first try of refund `key` will fail."""
        raise NotImplementedError

    def tampered(self, body: bytes) -> bytes:
        return body.replace(b"1000", b"1")

    @property
    def provider(self) -> PaymentProvider:
        return provider(self.code)

    def webhooks(self) -> list[tuple[dict[str, str], bytes]]:
        raise NotImplementedError


class SandboxBench(Bench):
    code = "sandbox"

    def charge(self, wish: str = "success", amount: int = 1000) -> Charge:
        return charge_of({"scenario": wish}, amount)

    def approve(self, ref: str) -> None:
        SandboxProvider().confirm(ref, approve=True)

    def fail_refund(self, key: str) -> None:
        SandboxCharge.objects.update(scenario="failed_refund")

    def webhooks(self) -> list[tuple[dict[str, str], bytes]]:
        made = []
        for row in SandboxWebhook.objects.order_by("due_at", "id"):
            body = json.dumps(row.body).encode()
            headers = signing.sign(
                secret=settings.SANDBOX_WEBHOOK_SECRET,
                event_id=row.event_id,
                at=clock.now(),
                body=body,
            )
            made.append((headers, body))
        return made


class StripeBench(Bench):
    """Checkout, and PaymentIntents where the answer comes at once."""

    code = "stripe"
    double: StripeDouble

    @contextmanager
    def open(self, settings: Any) -> Iterator[None]:
        with stripe_at(settings) as self.double:
            yield

    def charge(self, wish: str = "success", amount: int = 1000) -> Charge:
        methods = {"refuse_at_once": "pm_card_visa_chargeDeclined"}
        made = charge_of({"method": methods[wish]} if wish in methods else {}, amount)
        self.double.wishes[made.key] = {"success": "pay", "decline": "async_fail"}.get(wish, "")
        return made

    def approve(self, ref: str) -> None:
        self.double.pay(ref)

    def fail_refund(self, key: str) -> None:
        self.double.failing_refunds.add(key)

    def webhooks(self) -> list[tuple[dict[str, str], bytes]]:
        return self.double.webhooks()


class StripeMethodBench(StripeBench):
    """PaymentIntents with a payment method that the browser has."""

    def charge(self, wish: str = "success", amount: int = 1000) -> Charge:
        methods = {
            "success": "pm_card_visa",
            "three_ds": "pm_card_authenticationRequired",
            "refuse_at_once": "pm_card_visa_chargeDeclined",
        }
        if wish not in methods:
            return super().charge(wish, amount)
        return charge_of({"method": methods[wish]}, amount)

    def approve(self, ref: str) -> None:
        self.double.authenticate(ref)


class AlipayBench(Bench):
    code = "alipay"
    tells_a_refusal = False
    signs_the_time = False
    refuses_refunds_at_once = True
    double: AlipayDouble

    @contextmanager
    def open(self, settings: Any) -> Iterator[None]:
        with alipay_at(settings) as self.double:
            yield

    def charge(self, wish: str = "success", amount: int = 1000) -> Charge:
        if wish == "refuse_at_once":
            amount = 999_999_999
        made = charge_of({"method": "page" if wish == "three_ds" else "qr"}, amount)
        self.double.wishes[made.key.replace("-", "_")] = "pay" if wish == "success" else ""
        return made

    def visit(self, started: Started) -> None:
        assert httpx.get(started.action.url).status_code == 200

    def approve(self, ref: str) -> None:
        self.double.pay(ref)

    def fail_refund(self, key: str) -> None:
        self.double.failing_refunds.add(key.replace("-", "_"))

    def tampered(self, body: bytes) -> bytes:
        return body.replace(b"10.00", b"0.01")

    def webhooks(self) -> list[tuple[dict[str, str], bytes]]:
        return self.double.webhooks()


def charge_of(options: dict[str, str], amount: int) -> Charge:
    return Charge(
        key=str(uuid.uuid4()),
        amount=Money(amount, "CNY"),
        description="ORDER",
        return_url="https://shop.example/orders/1/",
        options=options,
    )


BENCHES = [SandboxBench(), StripeBench(), StripeMethodBench(), AlipayBench()]


@pytest.fixture(params=BENCHES, ids=lambda bench: type(bench).__name__.removesuffix("Bench"))
def bench(request, db, settings):
    with request.param.open(settings):
        yield request.param


@pytest.fixture
def it(bench) -> PaymentProvider:
    return bench.provider


def told(bench, it) -> list[ProviderEvent]:
    return [
        event
        for headers, body in bench.webhooks()
        for event in it.parse_webhook(headers, body, now=clock.now())
    ]


def test_every_registered_provider_has_a_bench():
    assert {bench.code for bench in BENCHES} == set(PROVIDERS)


def test_the_same_key_is_the_same_charge(bench, it):
    charge = bench.charge()
    assert it.start(charge).ref == it.start(charge).ref
    assert len(told(bench, it)) == 1


def test_a_collected_charge_is_told_with_our_key_and_amount(bench, it):
    charge = bench.charge()
    started = it.start(charge)
    (event,) = told(bench, it)
    assert (event.kind, event.key, event.ref) == (EventKind.SUCCEEDED, charge.key, started.ref)
    assert event.amount == charge.amount
    fetched = it.fetch(started.ref)
    assert fetched is not None
    assert (fetched.kind, fetched.key, fetched.amount) == (event.kind, event.key, event.amount)


def test_a_declined_charge_is_told_as_failed_with_a_reason(bench, it):
    started = it.start(bench.charge("decline"))
    if not bench.tells_a_refusal:
        assert told(bench, it) == []
        assert it.fetch(started.ref) is None
        return
    (event,) = told(bench, it)
    assert event.kind == EventKind.FAILED
    assert event.reason


def test_a_charge_refused_at_once_raises_declined(bench, it):
    with pytest.raises(Declined):
        it.start(bench.charge("refuse_at_once"))


def test_a_charge_that_needs_the_buyer_redirects_and_is_undecided_until_then(bench, it):
    started = it.start(bench.charge("three_ds"))
    assert started.action.is_redirect
    assert it.fetch(started.ref) is None
    bench.visit(started)
    bench.approve(started.ref)
    assert it.fetch(started.ref).kind == EventKind.SUCCEEDED


def test_a_cancelled_charge_collects_nothing_and_a_collected_one_is_not_cancelled(bench, it):
    waiting = it.start(bench.charge("three_ds"))
    bench.visit(waiting)
    it.cancel(waiting.ref)
    it.cancel(waiting.ref)
    assert it.fetch(waiting.ref).kind == EventKind.CANCELLED
    collected = it.start(bench.charge()).ref
    it.cancel(collected)
    assert it.fetch(collected).kind == EventKind.SUCCEEDED


def test_the_same_refund_key_is_the_same_refund(bench, it):
    ref = it.start(bench.charge()).ref
    key = str(uuid.uuid4())
    first = it.refund(ref, Money(400, "CNY"), key=key)
    assert it.refund(ref, Money(400, "CNY"), key=key) == first
    fetched = it.fetch_refund(first)
    assert (fetched.kind, fetched.key) == (EventKind.REFUND_SUCCEEDED, key)
    assert it.refund(ref, Money(600, "CNY"), key=str(uuid.uuid4())) != first


def test_more_than_was_collected_is_not_refunded(bench, it):
    ref = it.start(bench.charge()).ref
    it.refund(ref, Money(400, "CNY"), key=str(uuid.uuid4()))
    with pytest.raises(Declined):
        it.refund(ref, Money(601, "CNY"), key=str(uuid.uuid4()))


def test_what_was_never_collected_is_not_refunded(bench, it):
    ref = it.start(bench.charge("three_ds")).ref
    with pytest.raises(Declined):
        it.refund(ref, Money(1, "CNY"), key=str(uuid.uuid4()))


def test_a_failed_refund_succeeds_when_it_is_asked_for_again_with_its_key(bench, it):
    ref = it.start(bench.charge()).ref
    key = str(uuid.uuid4())
    bench.fail_refund(key)
    if bench.refuses_refunds_at_once:
        with pytest.raises(Declined):
            it.refund(ref, Money(1000, "CNY"), key=key)
    else:
        refund = it.refund(ref, Money(1000, "CNY"), key=key)
        assert it.fetch_refund(refund).kind == EventKind.REFUND_FAILED
    again = it.refund(ref, Money(1000, "CNY"), key=key)
    assert it.fetch_refund(again).kind == EventKind.REFUND_SUCCEEDED
    assert it.refund(ref, Money(1000, "CNY"), key=key) == again


def test_the_record_of_a_period_has_every_movement_once_and_nothing_else(bench, it):
    since, until = clock.now() - timedelta(minutes=1), clock.now() + timedelta(minutes=1)
    charges = [bench.charge(amount=amount) for amount in (1000, 2010, 3005, 99, 100_000)]
    refs = [it.start(charge).ref for charge in charges]
    it.start(bench.charge("three_ds"))
    parts = [(str(uuid.uuid4()), amount) for amount in (7, 900, 101, 1)]
    for key, amount in parts:
        it.refund(refs[1], Money(amount, "CNY"), key=key)
    expected = {(MovementKind.CHARGE, charge.key, charge.amount.minor) for charge in charges}
    expected |= {(MovementKind.REFUND, key, amount) for key, amount in parts}
    moved = list(it.movements(since, until))
    assert len({item.ref for item in moved}) == len(moved) == len(expected)
    assert {(item.kind, item.key, item.amount.minor) for item in moved} == expected
    assert list(it.movements(since - timedelta(days=2), since - timedelta(days=1))) == []


def test_a_webhook_that_was_tampered_with_is_refused(bench, it):
    it.start(bench.charge())
    headers, body = bench.webhooks()[-1]
    now = clock.now()
    assert it.parse_webhook(headers, body, now=now)
    with pytest.raises(BadSignature):
        it.parse_webhook(headers, bench.tampered(body), now=now)
    for name in headers:
        for value in ("", "x", "0"):
            with pytest.raises(BadSignature):
                it.parse_webhook({**headers, name: value}, body, now=now)
        missing = {key: value for key, value in headers.items() if key != name}
        with pytest.raises(BadSignature):
            it.parse_webhook(missing, body, now=now)


@pytest.mark.parametrize("minutes", [-6, 6], ids=["old", "from the future"])
def test_a_webhook_outside_the_window_is_refused(bench, it, minutes):
    it.start(bench.charge())
    headers, body = bench.webhooks()[-1]
    then = clock.now() - timedelta(minutes=minutes)
    if not bench.signs_the_time:
        fresh = it.parse_webhook(headers, body, now=clock.now())
        assert [event.id for event in it.parse_webhook(headers, body, now=then)] == [fresh[0].id]
        return
    with pytest.raises(BadSignature, match="window"):
        it.parse_webhook(headers, body, now=then)
