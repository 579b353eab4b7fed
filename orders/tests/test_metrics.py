"""What `/metrics` counts of orders and webhooks, each once and by its outcome."""

from __future__ import annotations

import pytest
from django.test import Client
from prometheus_client import REGISTRY

from core import clock
from core.errors import SoldOut
from orders import actions
from orders.actions import inbox
from orders.models import SandboxWebhook
from orders.tests.test_payments import knock


def count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_an_order_is_counted_once_and_its_replay_and_refusal_are_not(market):
    before = count("liveshop_orders_placed_total", source="test")
    again = {
        "buyer": market.buyer,
        "address": market.address,
        "lines": [actions.Wanted(1, market.placement.pk, market.term.listing_variant_id)],
        "key": "once",
        "source": "test",
    }
    actions.place_order(**again)
    actions.place_order(**again)
    too_many = [actions.Wanted(99, market.placement.pk, market.term.listing_variant_id)]
    with pytest.raises(SoldOut):
        actions.place_order(**{**again, "lines": too_many, "key": "other"})
    assert count("liveshop_orders_placed_total", source="test") == before + 1


def test_webhooks_are_counted_by_what_became_of_them(market, monkeypatch):
    def counts() -> list[float]:
        outcomes = ("processed", "refused", "failed")
        return [count("liveshop_webhooks_total", outcome=name) for name in outcomes]

    market.order()
    row = SandboxWebhook.objects.get()
    processed, refused, failed = counts()
    assert knock(row, secret="wrong") == 400
    assert counts() == [processed, refused + 1, failed]
    with monkeypatch.context() as trouble:
        trouble.setattr(inbox, "settle_payment", lambda **_: 1 / 0)
        assert knock(row) == 200
    assert counts() == [processed, refused + 1, failed + 1]
    with clock.travel(inbox.LONGEST_PAUSE):
        actions.process_webhooks()
    assert counts() == [processed + 1, refused + 1, failed + 1]
    text = Client().get("/metrics").content.decode()
    assert f'liveshop_webhooks_total{{outcome="refused"}} {refused + 1}' in text
