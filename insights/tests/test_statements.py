"""Earnings, the agency's roster and the supplier's statement: sums, and who sees them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import Agency, AgencyContract
from core import clock
from insights.statements import anchor_earnings, roster, supplier_statement
from orders.tests.conftest import selling_supplier, user


@pytest.fixture
def agency(show):
    agency = Agency.objects.create(name="Stars")
    agency.members.add(user("scout"))
    AgencyContract.objects.create(
        agency=agency,
        anchor=show.market.anchor,
        share_bps=3000,
        signed_at=clock.now() - timedelta(days=1),
    )
    return agency


def signed_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_commission_is_estimated_until_the_buyer_keeps_the_goods(show):
    show.sell()

    (earned,) = anchor_earnings(show.market.anchor)

    assert (earned.estimated_minor, earned.payable_minor) == (2000, 0)


def test_a_return_takes_the_commission_back(show):
    show.sell_and_return()

    (earned,) = anchor_earnings(show.market.anchor)

    assert (earned.estimated_minor, earned.payable_minor, earned.reversed_minor) == (0, 0, 2000)


def test_the_earnings_page_shows_ones_own_shows_only(show):
    show.sell()

    own = signed_in(show.market.anchor).get("/studio/earnings/")
    other = signed_in(user("other")).get("/studio/earnings/")

    assert "An evening" in own.content.decode()
    assert other.status_code == 200
    assert "An evening" not in other.content.decode()


def test_a_guest_is_sent_to_sign_in(db):
    for path in ("/studio/earnings/", "/agency/", "/supplier/statement/"):
        assert Client().get(path).status_code == 302


def test_the_agency_shares_commission_that_refunds_have_left(show, agency):
    show.sell()
    show.sell_and_return()

    (row,) = roster(agency)

    assert row.on_air == show.room
    assert row.shows == 1
    assert row.sales[0].gmv_minor == 20_000
    assert (row.commission_minor, row.share_minor) == (2000, 600)


def test_sales_before_the_contract_are_not_the_agencys(show, agency):
    AgencyContract.objects.update(signed_at=clock.now() + timedelta(hours=1))
    show.sell()

    (row,) = roster(agency)

    assert (row.sales, row.commission_minor) == ([], 0)


def test_members_see_their_roster(show, agency):
    show.sell()

    page = signed_in(agency.members.get()).get("/agency/").content.decode()

    assert "Stars" in page
    assert show.market.anchor.name in page


def test_who_has_no_agency_gets_an_explanation_and_no_numbers(show, agency):
    answer = signed_in(show.market.anchor).get(f"/agency/?agency={agency.pk}")

    assert answer.status_code == 200
    assert "You do not belong to an agency" in answer.content.decode()
    assert "Stars" not in answer.content.decode()


def test_the_statement_opens_adds_and_closes(show):
    show.sell()
    show.sell_and_return()

    statement = supplier_statement(
        supplier=show.market.supplier,
        since=clock.now() - timedelta(days=1),
        until=clock.now() + timedelta(days=1),
        currency="CNY",
    )

    assert statement.opening_minor == 0
    assert [(row.kind, row.count, row.amount_minor) for row in statement.rows] == [
        ("order.paid", 2, 12_000),
        ("order.refunded", 1, -6000),
    ]
    assert statement.closing_minor == 6000


def test_what_came_before_is_the_opening_balance(show):
    show.sell()

    statement = supplier_statement(
        supplier=show.market.supplier,
        since=clock.now() + timedelta(days=1),
        until=clock.now() + timedelta(days=2),
        currency="CNY",
    )

    assert (statement.opening_minor, statement.rows) == (6000, [])


def test_a_supplier_sees_its_own_statement_and_no_other(show):
    show.sell()
    rival = user("rival")
    selling_supplier("rayon", rival)

    own = signed_in(show.market.seller).get("/supplier/statement/")
    foreign = signed_in(rival).get("/supplier/statement/?supplier=silk")
    nobody = signed_in(show.market.buyer).get("/supplier/statement/")

    assert own.status_code == 200
    assert "Silk" in own.content.decode()
    assert foreign.status_code == 404
    assert nobody.status_code == 404
