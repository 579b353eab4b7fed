"""The back office of goods: every page opens, states move only by actions, staff only."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from catalog import actions
from catalog.models import Listing
from catalog.tests.goods import image, listing_of
from supply import actions as supply
from supply.models import Stock
from supply.tests.goods import person, supplier_of

MODELS = [
    "supply_supplier",
    "supply_offer",
    "supply_purchaseorder",
    "supply_returnparcel",
    "catalog_category",
    "catalog_product",
    "catalog_listing",
]


@pytest.fixture
def staff(db) -> Client:
    client = Client()
    client.force_login(person("boss", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def listing(supplier) -> Listing:
    listing = listing_of(supplier)
    actions.add_picture(product=listing.product, upload=image())
    return listing


@pytest.mark.parametrize("model", MODELS)
def test_lists_and_searches_open_for_staff_only(staff, listing, kay, model):
    url = reverse(f"admin:{model}_changelist")
    assert staff.get(url).status_code == 200
    assert staff.get(url, {"q": "tee"}).status_code == 200
    member = Client()
    member.force_login(kay)
    assert member.get(url).status_code == 302


def test_objects_open(staff, listing, supplier):
    offer = listing.items.get().offer
    pages = [
        ("supply_supplier", supplier.pk),
        ("supply_offer", offer.pk),
        ("catalog_product", listing.product_id),
        ("catalog_listing", listing.pk),
    ]
    for model, pk in pages:
        assert staff.get(reverse(f"admin:{model}_change", args=[pk])).status_code == 200, model


def test_stock_and_price_cannot_be_typed_over(staff, listing):
    offer = listing.items.get().offer
    url = reverse("admin:supply_offer_change", args=[offer.pk])
    answer = staff.post(url, {"title": "x", "supply_price_minor": "1", "stock-0-on_hand": "999"})
    assert answer.status_code == 403
    offer.refresh_from_db()
    assert (offer.title, offer.supply_price_minor) == ("Cotton tee", 6_000)
    assert Stock.objects.get(offer=offer).on_hand == 10


def test_an_admin_admits_in_one_go_or_moves_step_by_step(staff, rival):
    supplier = supplier_of(rival, "New House", admitted=False)
    move = reverse("admin:supply_supplier_move", args=[supplier.pk])
    assert b"Submitted" in staff.get(move).content
    staff.post(move, {"to": "SUBMITTED", "why": "papers came by post"})
    staff.post(move, {"to": "ACTIVE", "why": "no such step"})
    supplier.refresh_from_db()
    assert supplier.state == "SUBMITTED"
    data = {"action": "admit", "_selected_action": [supplier.pk]}
    staff.post(reverse("admin:supply_supplier_changelist"), data)
    supplier.refresh_from_db()
    assert supplier.state == "ACTIVE"


def test_an_admin_takes_goods_off_sale(staff, listing):
    data = {"action": "take_off", "_selected_action": [listing.pk]}
    staff.post(reverse("admin:catalog_listing_changelist"), data)
    assert not Listing.objects.on_sale().exists()


def test_purchase_orders_and_returns_open(staff, listing):
    offer = listing.items.get().offer
    supply.reserve_stock(offer_id=offer.pk, quantity=1)
    line = supply.PurchaseLine(1, offer.pk, "Cotton tee", 1, 6_000)
    (order,) = supply.release_purchase_orders(order_ref="O1", ship_to={}, lines=[line])
    parcel = supply.expect_return(
        case_ref="C1",
        order_ref="O1",
        offer_id=offer.pk,
        supplier_id=offer.supplier_id,
        title="Cotton tee",
        quantity=1,
        reason="",
    )
    for model, pk in (("purchaseorder", order.pk), ("returnparcel", parcel.pk)):
        url = reverse(f"admin:supply_{model}_change", args=[pk])
        assert staff.get(url).status_code == 200
