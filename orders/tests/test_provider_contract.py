"""What every payment provider must do. A new provider joins by adding its bench to `BENCHES`."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from core import clock
from core.money import Money
from orders.models import SandboxWebhook
from orders.payments import signing
from orders.payments.contract import (
    BadSignature,
    Charge,
    Declined,
    EventKind,
    PaymentProvider,
    ProviderEvent,
)
from orders.payments.registry import PROVIDERS, provider


class SandboxBench:
    """Steers the sandbox and reads what it would send."""

    code = "sandbox"

    def charge(self, wish: str = "success", amount: int = 1000) -> Charge:
        return Charge(
            key=str(uuid.uuid4()),
            amount=Money(amount, "CNY"),
            description="ORDER",
            return_url="https://shop.example/orders/1/",
            options={"scenario": wish},
        )

    def approve(self, ref: str) -> None:
        self.provider.confirm(ref, approve=True)

    @property
    def provider(self) -> Any:
        return provider(self.code)

    def webhooks(self) -> list[tuple[dict[str, str], bytes]]:
        import json

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


BENCHES = [SandboxBench()]


@pytest.fixture(params=BENCHES, ids=lambda bench: bench.code)
def bench(request, db):
    return request.param


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
    it.start(bench.charge("decline"))
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
    bench.approve(started.ref)
    assert it.fetch(started.ref).kind == EventKind.SUCCEEDED


def test_a_cancelled_charge_collects_nothing_and_a_collected_one_is_not_cancelled(bench, it):
    waiting = it.start(bench.charge("three_ds")).ref
    it.cancel(waiting)
    assert it.fetch(waiting).kind == EventKind.CANCELLED
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
    ref = it.start(bench.charge("failed_refund")).ref
    key = str(uuid.uuid4())
    refund = it.refund(ref, Money(1000, "CNY"), key=key)
    assert it.fetch_refund(refund).kind == EventKind.REFUND_FAILED
    assert it.refund(ref, Money(1000, "CNY"), key=key) == refund
    assert it.fetch_refund(refund).kind == EventKind.REFUND_SUCCEEDED


def test_a_webhook_that_was_tampered_with_is_refused(bench, it):
    it.start(bench.charge())
    ((headers, body),) = bench.webhooks()
    now = clock.now()
    assert it.parse_webhook(headers, body, now=now)
    with pytest.raises(BadSignature):
        it.parse_webhook(headers, body.replace(b"1000", b"1"), now=now)
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
    ((headers, body),) = bench.webhooks()
    with pytest.raises(BadSignature, match="window"):
        it.parse_webhook(headers, body, now=clock.now() - timedelta(minutes=minutes))
