"""A crash between "asked the provider" and "written down": every refund goes out exactly once."""

from __future__ import annotations

import uuid
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import transaction
from django.test import Client

from core import clock
from orders import actions
from orders.actions.locks import lock_order
from orders.actions.refunds import request_refund, submit_refund
from orders.audit import findings
from orders.models import Refund
from orders.payments.contract import MovementKind, Retryable
from orders.payments.registry import PROVIDERS
from orders.tests.conftest import states_of
from orders.tests.test_provider_contract import AlipayBench, SandboxBench, StripeBench

PRICE = 10_000
HOUR = timedelta(hours=1)


class Crash(BaseException):
    """The process ends here."""


class Shop:
    """A market whose payments go through one provider, and that provider's webhooks."""

    def __init__(self, market: Any, bench: Any) -> None:
        self.market, self.bench = market, bench

    def hear(self) -> None:
        for headers, body in self.bench.webhooks():
            kind = "application/x-www-form-urlencoded" if not headers else "application/json"
            path = f"/api/v1/payments/webhooks/{self.bench.code}"
            answer = Client().post(path, body, content_type=kind, headers=headers)
            assert answer.status_code == 200, answer.content
        actions.process_webhooks()

    def paid_for(self, pieces: int) -> Any:
        order = self.market.order(self.market.wanted(pieces))
        intent = order.payments.get()
        if intent.provider == "alipay":
            assert httpx.get(intent.next_action["url"]).status_code == 200
        if intent.provider != "sandbox":
            self.bench.approve(intent.provider_ref)
        self.hear()
        assert states_of(order) == ["PAID_ON_HOLD"]
        return order

    def ask_back(self, order: Any, amount_minor: int) -> Refund:
        with transaction.atomic():
            return request_refund(
                order=lock_order(order.pk),
                amount_minor=amount_minor,
                reason="a part",
                item=order.lines.get(),
                quantity=0,
            )

    def recover(self) -> None:
        """What the scheduler does in the minutes after."""
        for minutes in (0, 1, 2):
            with clock.travel(timedelta(minutes=minutes)):
                actions.repair_payments()
                if minutes == 0:
                    self.hear()

    def sent_back(self) -> list[tuple[str, int]]:
        """Key and amount of every refund in the provider's own record."""
        now = clock.now()
        moved = self.bench.provider.movements(now - HOUR, now + HOUR)
        return [(m.key, m.amount.minor) for m in moved if m.kind == MovementKind.REFUND]


@pytest.fixture(params=[SandboxBench, StripeBench, AlipayBench], ids=lambda b: b.code)
def shop(request, market, settings):
    bench = request.param()
    settings.PAYMENT_PROVIDER = bench.code
    with bench.open(settings):
        yield Shop(market, bench)


@contextmanager
def ends_after_the_call(monkeypatch, shop: Shop, end: BaseException, *, fresh_keys: bool = False):
    """The provider carries the refund out, and we never read its answer."""
    kind = PROVIDERS[shop.bench.code]
    honest = kind.refund  # type: ignore[attr-defined]

    def refund(self, ref, amount, *, key):
        honest(self, ref, amount, key=str(uuid.uuid4()) if fresh_keys else key)
        raise end

    with monkeypatch.context() as patch:
        patch.setattr(kind, "refund", refund)
        yield


@pytest.mark.parametrize("end", [Crash(), Retryable("no answer")], ids=["killed", "answer lost"])
def test_parts_of_a_payment_go_back_once_each_whatever_happens_after_the_call(
    shop, monkeypatch, end
):
    order = shop.paid_for(3)
    parts = [shop.ask_back(order, minor) for minor in (7, 9_993, PRICE)]
    with ends_after_the_call(monkeypatch, shop, end):
        for part in parts:
            with suppress(Crash):
                submit_refund(refund_id=part.pk)
    assert set(Refund.objects.values_list("state", flat=True)) == {"REQUESTED"}
    shop.recover()
    shop.recover()
    expected = sorted((str(part.key), part.amount_minor) for part in parts)
    assert sorted(shop.sent_back()) == expected
    assert set(Refund.objects.values_list("state", flat=True)) == {"SUCCEEDED"}
    now = clock.now()
    done = actions.reconcile_payments(code=shop.bench.code, since=now - HOUR, until=now + HOUR)
    assert (done.refunds, done.findings) == (3, [])
    assert findings() == []


def test_a_refund_whose_answer_came_and_was_never_written_down_goes_back_once(shop):
    order = shop.paid_for(1)
    part = shop.ask_back(order, 4_000)
    submit_refund(refund_id=part.pk)
    Refund.objects.update(state="REQUESTED", provider_ref="")
    shop.recover()
    assert shop.sent_back() == [(str(part.key), 4_000)]
    assert Refund.objects.get().state == "SUCCEEDED"


def test_negative_control_another_key_at_each_try_sends_money_back_twice(shop, monkeypatch):
    order = shop.paid_for(3)
    part = shop.ask_back(order, PRICE)
    with ends_after_the_call(monkeypatch, shop, Retryable("no answer"), fresh_keys=True):
        submit_refund(refund_id=part.pk)
    submit_refund(refund_id=part.pk)
    assert [minor for _key, minor in shop.sent_back()] == [PRICE, PRICE]
    now = clock.now()
    done = actions.reconcile_payments(code=shop.bench.code, since=now - HOUR, until=now + HOUR)
    assert "missing_here" in {item["kind"] for item in done.findings}
