"""`manage.py audit_stock`: what an operator runs to see that every promise has its piece."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from orders.models import Reservation
from orders.tests.conftest import build_market
from supply.models import Stock

pytestmark = pytest.mark.django_db(transaction=True)


def told(capsys) -> dict:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_all_is_well_through_a_sale(capsys):
    market = build_market()
    market.order()
    market.allocated()
    market.delivered()
    call_command("audit_stock")
    assert told(capsys) | {"rules": {}} == {
        "name": "audit_stock", "offers": 1, "rules": {}, "broken": 0, "ok": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Stock.objects.update(reserved=0),
        lambda: Reservation.objects.update(quantity=2),
        lambda: Reservation.objects.update(state="released"),
    ],
)
def test_what_does_not_agree_is_named_and_the_command_fails(capsys, wrong):
    build_market().order()
    wrong()
    with pytest.raises(SystemExit):
        call_command("audit_stock")
    found = told(capsys)
    assert not found["ok"]
    assert found["broken"] == sum(found["rules"].values()) > 0
