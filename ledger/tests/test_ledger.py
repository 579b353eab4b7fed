"""The ledger keeps what it is told and refuses what does not add up."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from core.errors import Conflict, Invalid
from ledger import owners
from ledger.actions import Line, balance, line, post, reverse, unbalanced
from ledger.models import Account, Entry, Kind, Posting

User = get_user_model()
CLEARING = owners.PLATFORM, Kind.PROVIDER_CLEARING
FEE = owners.PLATFORM, Kind.PLATFORM_FEE


def sale(key: str = "sale-1", amount: int = 1000, reference: str = "ORDER1") -> Entry:
    return post(
        kind="order.paid",
        key=key,
        reference=reference,
        postings=[
            line(*CLEARING, amount, "CNY"),
            line(owners.supplier("silk"), Kind.SUPPLIER_PAYABLE, 1 - amount, "CNY"),
            line(*FEE, -1, "CNY"),
        ],
    )


def refused_by_the_database(sql: str) -> str:
    def run() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(IntegrityError) as refused:
        run()
    return str(refused.value)


def held(owner: owners.Owner, kind: str) -> int:
    return balance(owner_kind=owner[0], owner_ref=owner[1], kind=kind, currency="CNY")


@pytest.mark.django_db
def test_a_posted_entry_moves_the_balances_of_its_accounts():
    sale()
    assert held(*CLEARING) == 1000
    assert held(owners.supplier("silk"), Kind.SUPPLIER_PAYABLE) == -999
    assert held(owners.supplier("none"), Kind.SUPPLIER_PAYABLE) == 0


@pytest.mark.django_db
def test_posting_twice_with_one_key_writes_one_entry():
    assert sale().pk == sale().pk
    assert Posting.objects.count() == 3


@pytest.mark.django_db
def test_a_key_used_for_other_postings_is_refused():
    sale(amount=1000)
    with pytest.raises(Conflict):
        sale(amount=2000)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "postings",
    [
        [],
        [Line("platform", "", "platform_fee", 5, "CNY")],
        [
            Line("platform", "", "platform_fee", 5, "CNY"),
            Line("platform", "", "shipping_fee", -5, "USD"),
        ],
        [
            Line("platform", "", "platform_fee", 5, "CNY"),
            Line("platform", "", "platform_fee", -5, "CNY"),
        ],
        [Line("platform", "", "pocket", 5, "CNY"), Line("platform", "", "shipping_fee", -5, "CNY")],
    ],
    ids=["nothing", "one side", "two currencies", "cancels itself", "unknown account"],
)
def test_an_entry_that_makes_no_sense_is_refused_before_it_is_written(postings):
    with pytest.raises(Invalid):
        post(kind="x", key="x", reference="x", postings=postings)
    assert not Entry.objects.exists()


@pytest.mark.django_db
def test_a_reversal_brings_every_account_back_to_zero_and_names_what_it_reverses():
    first = sale()
    back = reverse(entry=first, key="sale-1-back")
    assert back.reverses == first
    assert {a.balance_minor for a in Account.objects.with_balance()} == {0}
    assert reverse(entry=first, key="sale-1-back").pk == back.pk


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["ledger_entry", "ledger_posting", "ledger_account"])
def test_the_database_refuses_to_delete_or_change_what_is_written(table):
    sale()
    assert "append-only" in refused_by_the_database(f"DELETE FROM {table}")
    assert "append-only" in refused_by_the_database(f"UPDATE {table} SET id = id + 1000")
    assert Posting.objects.count() == 3


@pytest.mark.django_db
def test_the_database_refuses_an_entry_that_does_not_sum_to_zero():
    known = sale()
    account = Account.objects.earliest("id")
    text = refused_by_the_database(
        f"INSERT INTO ledger_posting (entry_id, account_id, amount_minor)"
        f" VALUES ({known.pk}, {account.pk}, 7)"
    )
    assert "does not balance: 7 CNY" in text


@pytest.mark.django_db
def test_the_database_refuses_an_entry_without_postings():
    text = refused_by_the_database(
        "INSERT INTO ledger_entry (kind, key, reference, memo) VALUES ('x', 'x', 'x', '')"
    )
    assert "no postings" in text


@pytest.mark.django_db
def test_the_audit_passes_on_a_sound_ledger_and_fails_on_a_broken_one(capsys):
    known = sale()
    call_command("audit_ledger")
    assert "1 entries, 0 unbalanced" in capsys.readouterr().out
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE ledger_posting DISABLE TRIGGER ledger_posting_balances")
        cursor.execute(
            "INSERT INTO ledger_posting (entry_id, account_id, amount_minor)"
            " SELECT entry_id, account_id, 7 FROM ledger_posting LIMIT 1"
        )
    assert unbalanced() == [(known.pk, "CNY", 7)]
    with pytest.raises(SystemExit) as ended:
        call_command("audit_ledger")
    assert ended.value.code == 1


@pytest.fixture
def people(db):
    return [User.objects.create_user(name, f"{name}@example.com", "x") for name in ("anna", "ben")]


def signed_in(client, user):
    client.force_login(user)
    return client


def test_an_anchor_reads_only_their_own_statement(client, people):
    anna, ben = people
    post(
        kind="order.paid",
        key="1",
        reference="ORDER1",
        postings=[
            line(*CLEARING, 30, "CNY"),
            line(owners.anchor(anna.pk), Kind.COMMISSION_ESTIMATED, -10, "CNY"),
            line(owners.anchor(ben.pk), Kind.COMMISSION_ESTIMATED, -20, "CNY"),
        ],
    )
    accounts = signed_in(client, anna).get("/api/v1/ledger/accounts").json()
    assert [(a["kind"], a["balance_minor"]) for a in accounts] == [("commission_estimated", -10)]
    page = client.get("/api/v1/ledger/postings").json()
    assert [(p["amount_minor"], p["reference"]) for p in page["results"]] == [(-10, "ORDER1")]
    others = Account.objects.get(owner_ref=str(ben.pk))
    assert client.get(f"/api/v1/ledger/postings?account={others.pk}").json()["results"] == []


def test_a_guest_reads_no_statement(client, db):
    assert client.get("/api/v1/ledger/accounts").status_code == 401


def test_the_back_office_shows_the_ledger_and_offers_no_change(client, people):
    entry = sale()
    User.objects.filter(pk=people[0].pk).update(is_staff=True, is_superuser=True)
    signed_in(client, User.objects.get(pk=people[0].pk))
    assert client.get("/admin/ledger/account/").status_code == 200
    page = client.get(f"/admin/ledger/entry/{entry.pk}/change/")
    assert page.status_code == 200
    assert "¥10.00" in page.content.decode()
    assert client.post(f"/admin/ledger/entry/{entry.pk}/delete/").status_code == 403


class Property(TestCase):
    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=8))
    def test_any_amounts_with_their_counterweight_balance(self, amounts):
        kinds = list(Kind.values)
        lines = [
            Line("supplier", str(i), kinds[i % len(kinds)], amount, "CNY")
            for i, amount in enumerate(amounts)
        ]
        lines.append(Line("platform", "", "provider_clearing", -sum(amounts), "CNY"))
        if not any(amounts):
            return
        post(kind="x", key=f"x{amounts}"[:120], reference="x", postings=lines)
        assert unbalanced() == []
