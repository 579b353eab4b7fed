"""The first page of the back office."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User


@pytest.fixture
def staff(db: None, client: Client) -> Client:
    boss = User.objects.create_superuser("boss", "boss@example.com", "secret-secret")
    client.force_login(boss)
    return client


def test_every_tile_of_the_dashboard_leads_to_a_list_that_opens(staff, show):
    show.sell()
    page = staff.get("/admin/")

    tiles = page.context["tiles"]
    assert len(tiles) == 10
    assert b"Disputes to rule on" in page.content
    for tile in tiles:
        assert staff.get(tile["href"]).status_code == 200, tile


def test_states_are_shown_by_their_names(staff, show):
    show.sell()
    for path in ("orders/order", "orders/orderline", "orders/paymentintent", "rooms/room"):
        assert staff.get(f"/admin/{path}/").status_code == 200
    assert b"Paid, may be cancelled" in staff.get("/admin/orders/orderline/").content


def test_the_browser_finds_an_icon(client: Client):
    assert client.get("/favicon.ico")["Location"] == "/favicon.svg"
