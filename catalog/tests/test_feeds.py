"""Goods from files: what goes in, what is left out and why, and that a repeat changes nothing."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import openpyxl
import pytest
from django.core.management import call_command

from catalog.feeds import imports, save
from catalog.feeds.imports import import_offers
from catalog.feeds.records import Summary
from catalog.models import Listing, OfferImport, PictureRequest, Product
from supply import actions as supply
from supply.models import Offer, Stock, StockAdjustment
from supply.tests.goods import ADMIN, offer_of, published

pytestmark = pytest.mark.django_db

SHOPIFY = """Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,\
Option2 Name,Option2 Value,Variant SKU,Variant Inventory Qty,Variant Price,Image Src,Image Position
tee,Tee,<p>Soft &amp; <b>warm</b></p><script>alert(1)</script>,Kestrel,,x,true,Size,S,Colour,Red,T-S,3,\
49.90,https://cdn.example.com/1.jpg,1
tee,,,,,,,,M,,Red,T-M,4,49.90,https://cdn.example.com/2.jpg,2
tee,,,,,,,,,,,,,,https://cdn.example.com/3.jpg,3
cap,Cap,,Kestrel,,,false,Title,Default Title,,,,2,30,,
"""
TEMPLATE = "product_code,title,sku,price,supply_price,stock\n"


def run(supplier: Any, data: str | bytes, **options: Any) -> Summary:
    raw = data.encode() if isinstance(data, str) else data
    return import_offers(supplier=supplier, file=io.BytesIO(raw), actor=ADMIN, **options)


def said(summary: Summary) -> list[tuple[int, str]]:
    return [(problem.row, problem.column) for problem in summary.errors]


def counts(summary: Summary) -> tuple[int, int, int]:
    return summary.created, summary.updated, summary.unchanged


def test_shopify_s_export_comes_in_as_it_is(supplier):
    summary = run(supplier, SHOPIFY)
    assert summary.errors == []
    assert (summary.rows, summary.products, summary.variants) == (4, 2, 3)
    assert counts(summary) == (3, 0, 0)
    offers = {offer.sku: offer for offer in Offer.objects.all()}
    assert offers["T-M"].option_values == {"Size": "M", "Colour": "Red"}
    assert offers["T-M"].title == "Tee"
    assert offers["T-S"].description == "Soft & warm"
    assert offers["cap"].option_values == {}
    assert all(offer.status == Offer.Status.DRAFT for offer in offers.values())
    assert Stock.objects.get(offer=offers["T-M"]).on_hand == 4
    listing = Listing.objects.get(product__title="Tee")
    assert listing.status == Listing.Status.UNLISTED
    assert listing.items.count() == 2
    assert PictureRequest.objects.filter(product=listing.product).count() == 3
    assert any("Published" in note for note in summary.notes)


def test_a_repeat_changes_nothing(supplier):
    run(supplier, SHOPIFY)
    before = (StockAdjustment.objects.count(), len(published("supply.stock_changed")))
    again = run(supplier, SHOPIFY)
    assert counts(again) == (0, 0, 3)
    assert again.pictures == 0
    assert (StockAdjustment.objects.count(), len(published("supply.stock_changed"))) == before
    assert Product.objects.count() == 2


def test_a_change_of_price_words_and_stock_is_one_update_with_its_cause(supplier):
    run(supplier, SHOPIFY)
    changed = (
        SHOPIFY.replace("49.90", "59.90").replace(",Tee,", ",Long tee,").replace("T-M,4", "T-M,9")
    )
    summary = run(supplier, changed)
    assert counts(summary) == (0, 2, 1)
    offer = Offer.objects.get(sku="T-M")
    assert (offer.suggested_price_minor, offer.title) == (5_990, "Long tee")
    assert offer.listing_variant.price_minor == 5_990
    assert offer.listing_variant.listing.product.title == "Long tee"
    cause = offer.adjustments.first()
    assert (cause.before, cause.after, cause.why) == (4, 9, "import")
    assert {event["offer_id"] for event in published("supply.offer_changed")} == set(
        Offer.objects.filter(product_code="tee").values_list("pk", flat=True)
    )


def test_what_is_imported_goes_on_sale_by_the_usual_action(supplier):
    from catalog.actions import list_offer

    run(supplier, SHOPIFY)
    listing = list_offer(offer=Offer.objects.get(sku="T-S"), actor=ADMIN)
    assert Listing.objects.on_sale().get() == listing
    assert listing.items.count() == 2


def test_a_dry_run_tells_the_same_and_changes_nothing(supplier):
    told = run(supplier, SHOPIFY, dry_run=True)
    assert counts(told) == (3, 0, 0)
    tables_touched = (Offer, Product, Listing, PictureRequest, OfferImport, StockAdjustment)
    assert [model.objects.count() for model in tables_touched] == [0] * 6


def test_the_command_ends_with_its_summary(supplier, tmp_path, capsys):
    path = tmp_path / "goods.csv"
    path.write_text(SHOPIFY)
    call_command("import_offers", str(path), supplier=supplier.code)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["rows"], told["products"], told["variants"]) == (4, 2, 3)
    assert told["errors"] == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_that_suppliers_use(supplier, encoding):
    text = TEMPLATE + "c1,真丝连衣裙,D-1,199,100,3\n"
    assert run(supplier, text.encode(encoding)).errors == []
    assert Offer.objects.get().title == "真丝连衣裙"


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("c,<b>Tee</b>,S,10,5,1", "title"),
        ("c,,S,10,5,1", "title"),
        ("c,Tee,S,10,5,-1", "stock"),
        ("c,Tee,S,10,5,99999999999", "stock"),
        ("c,Tee,S,¥10,5,1", "price"),
        ("c,Tee,S,NaN,5,1", "price"),
        ("c,Tee,S,-1,5,1", "price"),
        ("c,Tee,S,0,,1", "price"),
        ("c,Tee,S,10.005,5,1", "price"),
        ("c,Tee,S,,5,1", "price"),
        ("c,Tee,S,10,11,1", "supply_price"),
        ("c,Te\0e,S,10,5,1", "title"),
        (f"c,Tee,{'S' * 61},10,5,1", "sku"),
        (f"c,{'T' * 161},S,10,5,1", "title"),
    ],
)
def test_a_wrong_cell_is_named_and_leaves_out_its_row_alone(supplier, row, column):
    summary = run(supplier, f"{TEMPLATE}ok,Fine,F,10,5,1\n\n{row}\n")
    assert said(summary) == [(4, column)]
    assert list(Offer.objects.values_list("sku", flat=True)) == ["F"]


def test_a_row_number_is_the_spreadsheet_s_where_a_cell_has_several_lines(supplier):
    text = 'title,sku,price,description\nOne,A,10,"first\nsecond\nthird"\nTwo,B,x,\n'
    assert said(run(supplier, text)) == [(3, "price")]


def test_a_sku_twice_in_the_file_names_the_first_row(supplier):
    summary = run(supplier, TEMPLATE + "a,One,S,10,5,1\nb,Two,S,10,5,1\n")
    assert said(summary) == [(3, "sku")]
    assert "row 2" in summary.errors[0].message


def test_the_same_options_twice_in_a_product_are_refused(supplier):
    summary = run(supplier, TEMPLATE + "a,One,S,10,5,1\na,One,T,10,5,1\n")
    assert said(summary) == [(3, "option1_value")]


def test_another_supplier_s_sku_is_neither_seen_nor_touched(supplier, others):
    theirs = offer_of(others, sku="S", title="Theirs")
    assert run(supplier, TEMPLATE + "a,Mine,S,10,5,1\n").created == 1
    theirs.refresh_from_db()
    assert theirs.title == "Theirs"
    foreign = f"supplier,title,sku,price\n{others.code},Mine,X,10\n"
    assert said(run(supplier, foreign)) == [(2, "supplier")]
    assert not Offer.objects.filter(sku="X").exists()


def test_stock_below_what_is_promised_is_refused_whole(supplier):
    run(supplier, TEMPLATE + "a,One,S,10,5,9\n")
    supply.reserve_stock(offer_id=Offer.objects.get().pk, quantity=4)
    summary = run(supplier, TEMPLATE + "a,Other words,S,12,5,3\n")
    assert said(summary) == [(2, "stock")]
    assert Offer.objects.get().title == "One"
    assert Stock.objects.get().on_hand == 9


def test_status_columns_are_ignored_and_it_says_so(supplier):
    summary = run(supplier, "title,sku,price,status\nTee,S,10,active\n")
    assert summary.errors == []
    assert "status" in summary.notes[0]
    assert Offer.objects.get().status == Offer.Status.DRAFT


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"1,2,3\n4,5,6\n",
        b"sku,sku,title,price\n",
        b"PK\x03\x04 no archive",
        b"\xff\xff\xff\x81\n",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><rss><channel><item><g>&a;</g></item></channel></rss>",
        b"<rss><channel><item>",
    ],
)
def test_a_file_that_is_none_is_refused_in_a_sentence(supplier, data):
    summary = run(supplier, data)
    assert summary.refused
    assert said(summary) == [(0, "")]
    assert summary.errors[0].message.endswith((".", "compare."))
    assert not Offer.objects.exists()


def test_a_file_over_the_limit_is_refused_before_it_is_read(supplier):
    class Huge(io.BytesIO):
        def tell(self) -> int:
            return 100 << 20

        def read(self, *size: int | None) -> bytes:
            raise AssertionError("read")

    summary = import_offers(supplier=supplier, file=Huge(), actor=ADMIN)
    assert summary.refused
    assert "64 MB" in summary.errors[0].message


def test_a_workbook_comes_in_and_a_bomb_does_not(supplier):
    book = openpyxl.Workbook()
    book.active.append(["title", "sku", "price", "stock"])
    book.active.append(["Tee", 1001, 49.9, 3.0])
    out = io.BytesIO()
    book.save(out)
    assert run(supplier, out.getvalue()).errors == []
    offer = Offer.objects.get()
    assert (offer.sku, offer.suggested_price_minor) == ("1001", 4_990)

    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * (30 << 20))
    summary = run(supplier, bomb.getvalue())
    assert summary.refused
    assert "unpacks" in summary.errors[0].message


def test_google_merchant_xml(supplier):
    feed = """<?xml version="1.0"?><rss xmlns:g="http://base.google.com/ns/1.0"><channel><title>x</title>
    <item><g:id>A-1</g:id><g:item_group_id>A</g:item_group_id><g:title>Tee</g:title>
    <g:price>49.90 CNY</g:price><g:color>Red</g:color><g:quantity>3</g:quantity>
    <g:image_link>https://cdn.example.com/a.jpg</g:image_link></item>
    <item><g:id>A-2</g:id><g:item_group_id>A</g:item_group_id><g:title>Tee</g:title>
    <g:price>49.90 CNY</g:price><g:color>Blue</g:color></item>
    <item><g:id>B</g:id><g:title>Cap</g:title><g:price>cheap</g:price></item></channel></rss>"""
    summary = run(supplier, feed)
    assert said(summary) == [(4, "price")]
    assert (summary.products, summary.created) == (1, 2)
    assert Offer.objects.get(sku="A-1").option_values == {"Color": "Red"}


def test_a_mapping_is_remembered_for_its_header(supplier):
    text = "商品,货号,售价\nTee,S,10\n"
    assert run(supplier, text).refused
    taught = {"商品": "title", "货号": "sku", "售价": "price"}
    assert run(supplier, text, mapping=taught).created == 1
    assert run(supplier, text).unchanged == 1


def test_a_run_that_was_cut_off_goes_on_after_its_last_chunk(supplier, monkeypatch):
    monkeypatch.setattr(imports, "CHUNK_SKUS", 2)
    text = TEMPLATE + "".join(f"p{n},Thing {n},S{n},10,5,1\n" for n in range(6))
    real, calls = save.save_chunk, []

    def stop_in_the_second(*args: Any, **options: Any) -> None:
        calls.append(1)
        real(*args, **options)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(imports, "save_chunk", stop_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        run(supplier, text)
    assert Offer.objects.count() == 2
    summary = run(supplier, text)
    assert len(calls) == 4
    assert counts(summary) == (6, 0, 0)
    assert Offer.objects.count() == 6
    assert OfferImport.objects.get().state == OfferImport.State.DONE
    assert counts(run(supplier, text)) == (0, 0, 6)
