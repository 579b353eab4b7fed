"""The supplier's pages: for members, of their own things only, with refusals that say what to do."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from core.errors import Conflict
from supply import actions
from supply.models import Stock, Supplier
from supply.tests.goods import offer_of, supplier_of


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def browser(kay, supplier) -> Client:
    return signed_in(kay)


PAGES = ["supplier:desk", "supplier:stock", "supplier:purchase_orders", "supplier:returns"]


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_for_members(client, kay, supplier, rival, page):
    url = reverse(page)
    assert client.get(url)["Location"].startswith("/accounts/login/")
    assert signed_in(rival).get(url)["Location"] == reverse("supplier:apply")
    assert signed_in(kay).get(url).status_code == 200


def test_a_person_without_a_supplier_can_apply_and_is_told_that_an_admin_decides(rival):
    browser = signed_in(rival)
    assert b"admin" in browser.get(reverse("supplier:apply")).content
    wrong = browser.post(reverse("supplier:apply"), {"name": ""})
    assert wrong.status_code == 422
    form = {
        "name": "Rival & Sons",
        "contact_email": "rival@example.org",
        "recipient": "Rival",
        "phone": "123456",
        "region": "Zhejiang",
        "city": "Hangzhou",
        "street": "1 Lane",
    }
    assert browser.post(reverse("supplier:apply"), form)["Location"] == reverse("supplier:desk")
    supplier = Supplier.objects.of_member(rival).get()
    assert supplier.state == "DRAFT"
    assert b"draft" in browser.get(reverse("supplier:desk")).content
    browser.post(reverse("supplier:submit"))
    supplier.refresh_from_db()
    assert supplier.state == "SUBMITTED"


def test_a_person_with_several_suppliers_switches_between_them_and_not_to_a_foreign_one(
    kay, supplier, others
):
    second = supplier_of(kay, "Second House")
    browser = signed_in(kay)
    browser.post(reverse("supplier:switch"), {"supplier": second.pk})
    assert browser.get(reverse("supplier:desk")).context["supplier"] == second
    for foreign in (others.pk, 999_999, "x", ""):
        assert browser.post(reverse("supplier:switch"), {"supplier": foreign}).status_code == 404
    assert browser.get(reverse("supplier:desk")).context["supplier"] == second


def test_the_desk_shows_what_waits(browser, purchase, parcel, supplier):
    offer_of(supplier, sku="last", on_hand=2)
    actions.offer_again(offer=supplier.offers.get(sku="last"), actor=None)
    actions.return_dispatched(case_ref="CASE1", carrier="YTO", tracking_number="1")
    desk = browser.get(reverse("supplier:desk")).context["desk"]
    assert (desk.to_ship_count, desk.overdue_count, desk.returns_count) == (1, 0, 1)
    assert [offer.sku for offer in desk.low] == ["last"]
    assert desk.sales == [(12_000, "CNY")]
    assert desk.owed == [(0, "CNY")]


def test_shipping_by_the_page(browser, purchase):
    page = reverse("supplier:purchase_order", args=[purchase.number])
    assert purchase.number.encode() in browser.get(page).content
    refused = browser.post(page + "ship/", {"carrier": "SF", "tracking_number": ""})
    assert refused.status_code == 422
    browser.post(page + "ship/", {"carrier": "SF", "tracking_number": "SF1"})
    purchase.refresh_from_db()
    assert purchase.state == "SHIPPED"
    again = browser.post(page + "ship/", {"carrier": "SF", "tracking_number": "SF2"})
    assert again.status_code == 422
    shipment = purchase.shipments.get()
    browser.post(reverse("supplier:delivered", args=[purchase.number, shipment.pk]))
    purchase.refresh_from_db()
    assert purchase.state == "DELIVERED"
    assert b"SF1" in browser.get(page).content


def test_a_return_by_the_page(browser, parcel):
    page = reverse("supplier:return", args=[parcel.pk])
    assert browser.get(page).status_code == 200
    browser.post(page + "receive/")
    refused = browser.post(page + "inspect/", {"verdict": "dispute", "note": ""})
    assert refused.status_code == 422
    assert b"what is wrong" in refused.content
    browser.post(page + "inspect/", {"verdict": "accept", "restock": "on"})
    parcel.refresh_from_db()
    assert (parcel.state, parcel.restocked) == ("ACCEPTED", True)


def test_stock_is_saved_in_place_and_refused_in_place(browser, offer):
    actions.reserve_stock(offer_id=offer.pk, quantity=4)
    url = reverse("supplier:set_stock", args=[offer.pk])
    saved = browser.post(url, {"on_hand": "30"}, headers={"HX-Request": "true"})
    assert saved.status_code == 200
    assert Stock.objects.get(offer=offer).on_hand == 30
    for wrong in ("3", "-1", "many", ""):
        refused = browser.post(url, {"on_hand": wrong}, headers={"HX-Request": "true"})
        assert refused.status_code == 422
        assert b"errorlist" in refused.content
    assert browser.post(url, {"on_hand": "-1"}).status_code == 302
    assert Stock.objects.get(offer=offer).on_hand == 30


def test_the_things_of_another_supplier_are_not_there(rival, others, purchase, parcel, offer):
    shipment = actions.ship(purchase_order=purchase, carrier="SF", tracking_number="1", actor=rival)
    browser = signed_in(rival)
    order, back = f"/supplier/purchase-orders/{purchase.number}/", f"/supplier/returns/{parcel.pk}/"
    for url in (order, back):
        assert browser.get(url).status_code == 404
    for url in (
        f"{order}ship/",
        f"{order}delivered/{shipment.pk}/",
        f"{back}receive/",
        f"{back}inspect/",
        f"/supplier/stock/{offer.pk}/",
    ):
        assert browser.post(url, {"on_hand": 1}).status_code == 404
    assert not browser.get(reverse("supplier:purchase_orders") + "?tab=way").context["page"]
    purchase.refresh_from_db()
    assert purchase.state == "SHIPPED"


def test_lists_are_searched_and_have_tabs(browser, purchase, parcel):
    orders = reverse("supplier:purchase_orders")
    assert len(browser.get(orders).context["page"]) == 1
    assert len(browser.get(f"{orders}?q={purchase.number}").context["page"]) == 1
    assert len(browser.get(f"{orders}?q=nothing").context["page"]) == 0
    for tab in ("way", "done", "off"):
        assert len(browser.get(f"{orders}?tab={tab}").context["page"]) == 0
    assert len(browser.get(reverse("supplier:returns")).context["page"]) == 1
    assert len(browser.get(reverse("supplier:returns") + "?tab=done").context["page"]) == 0
    assert len(browser.get(reverse("supplier:stock") + "?q=tee").context["page"]) == 1


def test_a_suspended_supplier_still_ships_what_was_sold(browser, purchase, supplier):
    from supply.tests.goods import ADMIN

    actions.move_supplier(supplier=supplier, to="SUSPENDED", actor=ADMIN)
    with pytest.raises(Conflict):
        actions.offer_again(offer=supplier.offers.get(), actor=ADMIN)
    page = reverse("supplier:purchase_order", args=[purchase.number])
    assert (
        browser.post(page + "ship/", {"carrier": "SF", "tracking_number": "1"}).status_code == 302
    )
