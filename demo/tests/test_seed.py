"""Seeding a house twice, and what is in it after."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from core.models import OutboxEvent, StateChange
from demo import seed
from demo.seed.goods import seed_goods
from demo.seed.people import seed_people
from ledger.actions import unbalanced
from ledger.models import Entry
from orders.models import Order, Reservation, WebhookInbox
from rooms.models import Room
from supply.models import Offer, Stock


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"


def count_everything() -> dict[str, int]:
    models = (User, Offer, Room, Order, Entry, OutboxEvent, StateChange)
    return {model.__name__: model.objects.count() for model in models}


@pytest.mark.timeout(120)
@pytest.mark.django_db(transaction=True)
def test_a_small_house_is_seeded_once_and_its_books_balance(tmp_path, settings):
    # When it is seeded for the first time
    assert seed.seed(seed.SMALL, lambda text: None) is True
    before = count_everything()

    # Then orders were lived through, in the past, and all sums are right
    assert before["Order"] == seed.SMALL.orders
    assert unbalanced() == []
    assert Entry.objects.count() > 0
    assert min(Entry.objects.values_list("occurred_at", flat=True)) < days_ago(1)
    assert min(Order.objects.values_list("placed_at", flat=True)) < days_ago(1)
    assert not WebhookInbox.objects.filter(processed_at=None).exists()
    assert not OutboxEvent.objects.exclude(last_error="").exists()
    assert_stock_is_what_reservations_promise()

    # And the database tells the time again
    assert columns_with_a_moved_clock() == 0

    # And the contract for tools is written
    told = json.loads((tmp_path / "demo.json").read_text())
    assert set(told) == {"base_url", "users", "room_url", "studio_url"}
    assert set(told["users"]) == {"viewer", "anchor", "supplier", "admin", "agency"}
    for user in told["users"].values():
        assert User.objects.get(username=user["username"]).check_password(user["password"])
    assert Room.objects.filter(slug=told["room_url"].rstrip("/").rsplit("/", 1)[1]).exists()

    # When it is seeded again, then nothing happens
    assert seed.seed(seed.SMALL, lambda text: None) is False
    assert count_everything() == before


@pytest.mark.django_db(transaction=True)
def test_an_interrupted_stage_is_filled_up_and_not_repeated():
    seed_people()
    seed_goods(limit=2)
    first = set(Offer.objects.values_list("sku", flat=True))

    seed_goods(limit=3)

    assert first < set(Offer.objects.values_list("sku", flat=True))
    assert Offer.objects.values("product_code").distinct().count() == 5


@pytest.mark.django_db
def test_a_stranger_with_a_demo_name_is_left_alone():
    stranger = User.objects.create_user("anchor", "someone@example.com", "their own words")

    with pytest.raises(CommandError, match="anchor are taken"):
        call_command("demo_seed", "--small", verbosity=0)

    stranger.refresh_from_db()
    assert stranger.check_password("their own words")
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_a_public_site_refuses_known_passwords(settings):
    settings.DEMO_ALLOWED = False

    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("demo_seed", "--small", verbosity=0)

    assert not User.objects.exists()


def days_ago(days: int):
    return timezone.now() - timedelta(days=days)


def assert_stock_is_what_reservations_promise() -> None:
    promised: dict[int, int] = {}
    for row in Reservation.objects.filter(state__in=["held", "committed"]):
        promised[row.offer_id] = promised.get(row.offer_id, 0) + row.quantity
    for stock in Stock.objects.all():
        assert stock.reserved == promised.get(stock.offer_id, 0)
        assert 0 < stock.available < 500


def columns_with_a_moved_clock() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM information_schema.columns WHERE column_default LIKE '%demo_now%'"
        )
        (count,) = cursor.fetchone()
    return count
