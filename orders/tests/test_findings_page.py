"""The staff's page of payment differences: who sees it, what it says, what its buttons do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from core import clock
from orders import actions
from orders.models import PaymentFinding, SandboxWebhook
from orders.models.reconciliation import ADVICE
from orders.tests.conftest import states_of, user

PAGE = "/staff/payments/findings/"


@pytest.fixture
def shop(market):
    """An order whose payment the provider collected and never told us about; staff looks."""
    market.unheard = market.order()
    SandboxWebhook.objects.all().delete()
    actions.start_payment(intent=market.unheard.payments.get())
    now = clock.now()
    actions.reconcile_payments(
        code="sandbox", since=now - timedelta(hours=1), until=now + timedelta(hours=1)
    )
    market.client.force_login(market.staff)
    return market


def text_of(shop, query: str = "") -> str:
    answer = shop.client.get(PAGE + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_says_what_differs_and_what_to_do(shop):
    shown = text_of(shop)
    for words in ("Another state", "¥100.00", shop.unheard.number, "Ask the provider now"):
        assert words in shown
    assert "sandbox: 1 payment, 0 refunds" in shown


def test_asking_the_provider_books_the_payment_and_empties_the_page(shop):
    row = PaymentFinding.objects.get()
    answer = shop.client.post(reverse("payment_findings:ask", args=[row.pk]), follow=True)
    assert "Both sides agree now." in answer.content.decode()
    assert "Nothing differs" in answer.content.decode()
    assert states_of(shop.unheard) == ["PAID_ON_HOLD"]
    assert "Gone by itself" in text_of(shop, "?tab=done")


def test_closing_needs_a_reason_which_stands_with_it(shop):
    address = reverse("payment_findings:close", args=[PaymentFinding.objects.get().pk])
    assert "Write what was done." in shop.client.post(address, follow=True).content.decode()
    assert "Another state" in text_of(shop)
    shop.client.post(address, {"why": "Sent back <by hand>"})
    assert "Another state" not in text_of(shop)
    done = text_of(shop, "?tab=done")
    assert "Closed by staff" in done
    assert "Sent back &lt;by hand&gt;" in done
    again = shop.client.post(address, {"why": "again"}, follow=True)
    assert "cannot go from CLOSED to CLOSED" in again.content.decode()


def test_a_provider_that_cannot_be_asked_is_a_message_and_no_error(shop, monkeypatch):
    from orders.payments.contract import Retryable
    from orders.payments.sandbox import SandboxProvider

    def hang(*_: object) -> None:
        raise Retryable("no answer")

    monkeypatch.setattr(SandboxProvider, "fetch", hang)
    address = reverse("payment_findings:ask", args=[PaymentFinding.objects.get().pk])
    answer = shop.client.post(address, follow=True)
    assert "could not be asked: no answer" in answer.content.decode()


def test_only_staff_with_the_permission_sees_it_and_only_those_who_may_act_get_buttons(shop):
    row = PaymentFinding.objects.get()
    close = reverse("payment_findings:close", args=[row.pk])
    clerk = user("clerk", is_staff=True)
    for person in (shop.buyer, clerk):
        shop.client.force_login(person)
        assert shop.client.get(PAGE).status_code == 404
        assert shop.client.post(close, {"why": "x"}).status_code == 404
    clerk.user_permissions.add(Permission.objects.get(codename="view_paymentfinding"))
    assert "Ask the provider now</button>" not in text_of(shop)
    assert shop.client.post(close, {"why": "x"}).status_code == 404


def test_there_is_advice_for_every_difference_that_can_be_found():
    for kind in PaymentFinding.Kind:
        assert any(known == kind for known, _subject in ADVICE)
    for kind, subject in ADVICE:
        assert str(PaymentFinding(kind=kind, subject=subject).advice)
