"""The goods pages for buyers and the goods form for suppliers."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalog import actions
from catalog.models import Listing
from catalog.tests.goods import image, listing_of
from supply import actions as supply
from supply.models import Offer, StockAdjustment
from supply.tests.goods import ADMIN, offer_of, supplier_of

NEW = "/supplier/offers/new/"


@pytest.fixture
def browser(kay, supplier) -> Client:
    client = Client()
    client.force_login(kay)
    return client


def typed(category, /, *rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What a browser sends for the form with these rows."""
    data = {
        "title": "真丝连衣裙",
        "brand": "Yunshang",
        "category": category.pk,
        "description": "透气",
        "currency": "CNY",
        "commission": "20",
        "dispatch_hours": "48",
        "option_names": "Size" if len(rows) > 1 else "",
        "then": "list",
        "form-TOTAL_FORMS": len(rows),
        "form-INITIAL_FORMS": 0,
        **changes,
    }
    for number, row in enumerate(rows):
        whole = {
            "sku": f"sku-{number}",
            "options": "",
            "supply_price": "60",
            "price": "99.00",
            "on_hand": "10",
            "offered": "on",
            **row,
        }
        data |= {f"form-{number}-{name}": value for name, value in whole.items()}
    return data


SIZES = [{"options": "S"}, {"options": "M", "price": "109.50"}]


def problems(answer) -> str:
    context = answer.context
    found = [str(context["form"].errors), str(context["rows"].errors)]
    return " ".join([*found, str([row.non_field_errors() for row in context["rows"]])])


def test_a_product_with_sizes_and_pictures_goes_on_sale_by_one_form(browser, fashion):
    pictures = [
        SimpleUploadedFile("front.jpg", image()),
        SimpleUploadedFile("virus.jpg", b"MZ"),
        SimpleUploadedFile("back.png", image(format="PNG")),
    ]
    answer = browser.post(NEW, {**typed(fashion, *SIZES), "pictures": pictures}, follow=True)
    assert answer.status_code == 200
    said = [str(message) for message in answer.context["messages"]]
    assert any("virus.jpg" in text for text in said)
    listing = Listing.objects.on_sale().get()
    assert listing.price_range == (9_900, 10_950)
    assert [item.variant.option_values for item in listing.items.all()] == [
        {"Size": "S"},
        {"Size": "M"},
    ]
    assert listing.product.pictures.count() == 2
    offer = Offer.objects.first()
    assert (offer.supply_price_minor, offer.commission_bps, offer.stock.on_hand) == (
        6_000,
        2_000,
        10,
    )


@pytest.mark.parametrize(
    ("row", "changes"),
    [
        ({"price": "0"}, {}),
        ({"price": "-1"}, {}),
        ({"price": "59"}, {}),
        ({"supply_price": "0"}, {}),
        ({"price": "99.001"}, {}),
        ({"price": "1e30"}, {}),
        ({"price": "NaN"}, {}),
        ({"on_hand": "-1"}, {}),
        ({"on_hand": "x"}, {}),
        ({"sku": ""}, {}),
        ({"options": "Red"}, {}),
        ({}, {"commission": "100.01"}),
        ({}, {"commission": "-1"}),
        ({}, {"title": ""}),
        ({}, {"category": "999999"}),
        ({}, {"currency": "XXX"}),
        ({}, {"dispatch_hours": "0"}),
        ({}, {"option_names": "Size"}),
        ({}, {"option_names": "Size, Size"}),
        ({"price": "99.5", "supply_price": "60"}, {"currency": "JPY"}),
        ({"offer": "999999"}, {}),
    ],
)
def test_a_wrong_field_is_refused_where_it_is_and_nothing_is_saved(browser, fashion, row, changes):
    answer = browser.post(NEW, typed(fashion, row, **changes))
    assert answer.status_code == 422
    assert b"errorlist" in answer.content
    assert not Offer.objects.exists()
    assert not Listing.objects.exists()


def test_no_row_at_all_is_refused(browser, fashion):
    empty = dict.fromkeys(("sku", "options", "supply_price", "price", "on_hand"), "")
    answer = browser.post(NEW, typed(fashion, empty))
    assert answer.status_code == 422
    assert "at least one SKU" in problems(answer)


def test_two_rows_with_one_sku_or_one_option_are_refused_whole(browser, fashion):
    for twin in ({"options": "M", "sku": "sku-0"}, {"options": "S", "sku": "other"}):
        answer = browser.post(NEW, typed(fashion, {"options": "S"}, twin))
        assert answer.status_code == 422
        assert not Offer.objects.exists()


def test_an_edit_changes_price_stock_and_words_and_adds_and_withdraws_sizes(browser, fashion):
    browser.post(NEW, typed(fashion, *SIZES))
    small, medium = Offer.objects.order_by("pk")
    url = reverse("supplier_offers:edit", args=[small.pk])
    assert browser.get(url).context["rows"].initial_form_count() == 2
    rows = [
        {"offer": small.pk, "options": "S", "price": "88", "on_hand": "3"},
        {"offer": medium.pk, "sku": "sku-1", "options": "M", "offered": ""},
        {"sku": "sku-2", "options": "L"},
    ]
    changes = {"title": "Silk dress", "form-INITIAL_FORMS": 2, "then": "", "currency": "USD"}
    answer = browser.post(url, typed(fashion, *rows, **changes))
    assert answer.status_code == 302
    listing = Listing.objects.for_display().get()
    assert [item.variant.label for item in listing.selling_items] == ["S", "L"]
    assert listing.price_range == (8_800, 9_900)
    assert listing.product.title == "Silk dress"
    assert listing.currency == "CNY"
    assert StockAdjustment.objects.filter(offer=small).first().after == 3


def test_a_supplier_who_is_not_admitted_prepares_goods_that_nobody_sees(rival, fashion):
    supplier_of(rival, admitted=False)
    client = Client()
    client.force_login(rival)
    refused = client.post(NEW, typed(fashion, {}))
    assert refused.status_code == 422
    saved = client.post(NEW, typed(fashion, {}, then=""))
    assert saved.status_code == 302, problems(saved)
    listing = Listing.objects.get()
    assert not Listing.objects.on_sale().exists()
    assert Client().get(listing.get_absolute_url()).status_code == 404


def test_one_more_row_comes_with_the_new_count(browser):
    url = reverse("supplier_offers:row")
    answer = browser.get(url, {"form-TOTAL_FORMS": "3"})
    assert b'name="form-3-sku"' in answer.content
    assert b'value="4"' in answer.content
    assert browser.get(url, {"form-TOTAL_FORMS": "100"}).status_code == 204
    assert browser.get(url, {"form-TOTAL_FORMS": "x"}).status_code == 200


def test_pictures_are_added_put_first_and_removed(browser, supplier):
    listing = listing_of(supplier)
    offer = listing.items.get().offer
    add = reverse("supplier_offers:add_pictures", args=[offer.pk])
    for _ in range(2):
        browser.post(add, {"pictures": SimpleUploadedFile("a.jpg", image())})
    first, second = listing.product.pictures.all()
    change = reverse("supplier_offers:picture", args=[offer.pk, second.pk])
    browser.post(change, {"do": "first"})
    assert listing.product.pictures.first() == second
    browser.post(change, {"do": "remove"})
    assert list(listing.product.pictures.all()) == [first]
    assert browser.post(change, {"do": "remove"}).status_code == 404


def test_goods_are_taken_off_sale(browser, supplier):
    listing = listing_of(supplier)
    offer = listing.items.get().offer
    browser.post(reverse("supplier_offers:take_off", args=[offer.pk]))
    assert not Listing.objects.on_sale().exists()


def test_the_goods_of_another_supplier_are_not_there(rival, others, supplier, fashion):
    listing = listing_of(supplier)
    picture = actions.add_picture(product=listing.product, upload=image())
    offer = listing.items.get().offer
    client = Client()
    client.force_login(rival)
    url = reverse("supplier_offers:edit", args=[offer.pk])
    assert client.get(url).status_code == 404
    for foreign in (url, f"{url}off/", f"{url}pictures/", f"{url}pictures/{picture.pk}/"):
        assert client.post(foreign, typed(fashion, {})).status_code == 404
    mine = listing_of(others).items.get().offer
    stolen = client.post(
        reverse("supplier_offers:edit", args=[mine.pk]), typed(fashion, {"offer": offer.pk})
    )
    assert stolen.status_code == 422
    crossed = reverse("supplier_offers:picture", args=[mine.pk, picture.pk])
    assert client.post(crossed, {"do": "remove"}).status_code == 404
    assert not client.get(reverse("supplier_offers:list") + "?q=tee").context["page"][1:]
    assert Client().get(url).status_code == 302


# What buyers see ---------------------------------------------------------------------------------


def test_anyone_finds_goods_by_words_and_category(client, supplier, fashion):
    listing_of(supplier, title="真丝连衣裙", category=fashion)
    listing_of(supplier, title="Kettle")
    assert len(client.get("/goods/").context["page"]) == 2
    assert len(client.get("/goods/?q=连衣裙").context["page"]) == 1
    assert len(client.get("/goods/?category=fashion").context["page"]) == 1
    assert len(client.get("/goods/?category=fashion&q=kettle").context["page"]) == 0
    assert len(client.get("/goods/?category=nothing&page=x").context["page"]) == 2


def test_a_product_page_offers_each_variant_with_what_is_left(client, supplier):
    for size, on_hand in (("S", 0), ("M", 3)):
        listing = listing_of(
            supplier,
            sku=f"t-{size}",
            product_code="t",
            option_values={"Size": size},
            on_hand=on_hand,
        )
    answer = client.get(listing.get_absolute_url())
    assert [item.left for item in answer.context["items"]] == [0, 3]
    assert answer.context["first"].variant.label == "M"
    assert b"3 left" in answer.content
    assert b'action="/orders/buy/"' in answer.content


def test_sold_out_and_withdrawn_goods_say_so_and_cannot_be_bought(client, supplier):
    listing = listing_of(supplier, on_hand=0)
    page = client.get(listing.get_absolute_url())
    assert b"Sold out" in page.content
    assert b"/orders/buy/" not in page.content
    actions.unlist(listing=listing, actor=ADMIN)
    assert b"No longer on sale" in client.get(listing.get_absolute_url()).content
    assert client.get("/goods/nothing/").status_code == 404


def test_text_of_suppliers_is_shown_as_text(client, supplier):
    listing = listing_of(supplier, title="<b>x</b>", description="<script>alert(1)</script>")
    assert b"<script>alert" not in client.get(listing.get_absolute_url()).content


def test_lists_cost_the_same_number_of_queries_however_long(
    client, supplier, django_assert_max_num_queries
):
    for _ in range(5):
        listing_of(supplier)
    with django_assert_max_num_queries(12):
        client.get("/goods/")


def test_an_offer_that_is_withdrawn_closes_its_page(client, supplier):
    offer = offer_of(supplier)
    listing = actions.list_offer(offer=offer, actor=ADMIN)
    supply.withdraw_offer(offer=offer, actor=ADMIN)
    assert b"No longer on sale" in client.get(listing.get_absolute_url()).content
