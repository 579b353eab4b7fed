"""The catalogue over HTTP: open to read, listing only for one's own offers."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from catalog.models import Listing
from catalog.tests.goods import image, listing_of
from supply.tests.goods import offer_of


@pytest.fixture
def member(kay, supplier) -> Client:
    client = Client()
    client.force_login(kay)
    return client


def put(client: Client, path: str, body: dict) -> object:
    return client.put(f"/api/v1{path}", json.dumps(body), content_type="application/json")


def test_anybody_searches_page_by_page_and_reads_one(client, supplier, fashion):
    slugs = {listing_of(supplier, title=f"连衣裙 {n}", category=fashion).slug for n in range(3)}
    listing_of(supplier, title="Kettle")
    seen, url = [], "/api/v1/listings?q=连衣裙&category=fashion&page_size=2"
    while url:
        page = client.get(url).json()
        seen += page["results"]
        url = page["next"]
    assert {row["slug"] for row in seen} == slugs
    one = client.get(f"/api/v1/listings/{seen[0]['slug']}").json()
    assert one["variants"][0]["price_minor"] == 9_900
    assert one["left"] == 10
    assert client.get("/api/v1/categories").json()[0]["slug"] == "fashion"
    assert client.get("/api/v1/listings/nothing").status_code == 404
    assert client.get("/api/v1/listings?category=nothing").status_code == 404
    for cursor in ("x", "LTE", "😀", "MTIzNDU2Nzg5MDEyMzQ1"):
        assert client.get("/api/v1/listings", {"cursor": cursor}).status_code == 422


def test_a_member_lists_pictures_and_unlists_an_offer(member, offer, fashion, client):
    path = f"/offers/{offer.pk}/listing"
    made = put(member, path, {"price_minor": 8_800, "category": "fashion"})
    assert (made.status_code, made.json()["lowest_price_minor"]) == (200, 8_800)
    assert put(member, path, {}).json()["lowest_price_minor"] == 8_800
    assert put(member, path, {"price_minor": 1}).json()["code"] == "price_too_low"
    upload = f"/api/v1/offers/{offer.pk}/pictures"
    good = member.post(upload, {"file": SimpleUploadedFile("a.jpg", image()), "alt": "front"})
    assert (good.status_code, good.json()["alt"]) == (201, "front")
    bad = member.post(upload, {"file": SimpleUploadedFile("a.jpg", b"MZ")})
    assert (bad.status_code, bad.json()["code"]) == (422, "picture_unreadable")
    assert client.get(good.json()["src"]).status_code == 200
    assert member.delete(f"/api/v1{path}").status_code == 204
    assert not Listing.objects.on_sale().exists()


def test_an_offer_of_another_supplier_or_nobody_s_is_not_listed(rival, others, offer):
    stranger, guest = Client(), Client()
    stranger.force_login(rival)
    for client, status in ((stranger, 404), (guest, 401)):
        assert put(client, f"/offers/{offer.pk}/listing", {}).status_code == status
        assert client.delete(f"/api/v1/offers/{offer.pk}/listing").status_code == status
        upload = {"file": SimpleUploadedFile("a.jpg", image())}
        assert client.post(f"/api/v1/offers/{offer.pk}/pictures", upload).status_code == status
    assert not Listing.objects.exists()


def test_a_picture_needs_a_listing_first(member, supplier):
    offer = offer_of(supplier, sku="new")
    upload = {"file": SimpleUploadedFile("a.jpg", image())}
    assert member.post(f"/api/v1/offers/{offer.pk}/pictures", upload).status_code == 404
