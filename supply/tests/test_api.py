"""Supply over HTTP: own, another's, nobody's; and refusals a program can read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from supply.models import Offer
from supply.tests.goods import person

NEW = {
    "sku": "tee-1",
    "product_code": "tee",
    "title": "Cotton tee",
    "option_values": {"Size": "M"},
    "supply_price_minor": 6000,
    "suggested_price_minor": 9900,
    "commission_bps": 2000,
    "on_hand": 5,
}


def api(user: Any) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def send(client: Client, method: str, path: str, body: Any = None) -> Any:
    if method == "get":
        return client.get(f"/api/v1{path}")
    return getattr(client, method)(
        f"/api/v1{path}", data=json.dumps(body or {}), content_type="application/json"
    )


def test_a_member_offers_changes_counts_and_withdraws(kay, supplier):
    client = api(kay)
    made = send(client, "post", f"/suppliers/{supplier.pk}/offers", NEW)
    assert made.status_code == 201, made.content
    offer = made.json()
    assert (offer["available"], offer["status"]) == (5, "draft")
    path = f"/offers/{offer['id']}"
    changed = send(client, "patch", path, {"commission_bps": 1500})
    assert (changed.json()["commission_bps"], changed.json()["title"]) == (1500, "Cotton tee")
    assert send(client, "put", f"{path}/stock", {"on_hand": 9}).json()["available"] == 9
    assert send(client, "delete", path).json()["status"] == "withdrawn"
    listed = client.get(f"/api/v1/suppliers/{supplier.pk}/offers?sku=tee-1").json()
    assert [row["id"] for row in listed["results"]] == [offer["id"]]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("supply_price_minor", 0),
        ("suggested_price_minor", -1),
        ("commission_bps", 10_001),
        ("on_hand", -1),
        ("title", ""),
        ("currency", "XXQ"),
        ("supply_price_minor", "much"),
        ("commission_bps", None),
    ],
)
def test_bad_input_is_a_problem_document_that_names_the_field(kay, supplier, field, value):
    answer = send(api(kay), "post", f"/suppliers/{supplier.pk}/offers", {**NEW, field: value})
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert field in json.dumps(answer.json()["fields"])
    assert not Offer.objects.exists()


def test_a_sku_is_offered_once(kay, supplier):
    path = f"/suppliers/{supplier.pk}/offers"
    assert send(api(kay), "post", path, NEW).status_code == 201
    again = send(api(kay), "post", path, NEW)
    assert (again.status_code, again.json()["code"]) == (409, "sku_taken")


def test_lists_go_page_by_page(kay, supplier):
    client = api(kay)
    path = f"/suppliers/{supplier.pk}/offers"
    for number in range(5):
        send(client, "post", path, {**NEW, "sku": f"s{number}"})
    seen, url = [], f"/api/v1{path}?page_size=2"
    while url:
        page = client.get(url).json()
        seen += [row["sku"] for row in page["results"]]
        url = page["next"]
    assert seen == ["s4", "s3", "s2", "s1", "s0"]


def test_a_member_ships_and_inspects(kay, purchase, parcel):
    client = api(kay)
    path = f"/purchase-orders/{purchase.number}"
    assert len(client.get("/api/v1/purchase-orders?state=RELEASED").json()["results"]) == 1
    shipped = send(client, "post", f"{path}/ship", {"carrier": "SF", "tracking_number": "1"})
    assert shipped.json()["state"] == "SHIPPED"
    shipment = shipped.json()["shipments"][0]["id"]
    done = send(client, "post", f"{path}/shipments/{shipment}/delivered")
    assert done.json()["state"] == "DELIVERED"
    again = send(client, "post", f"{path}/ship", {"carrier": "SF", "tracking_number": "2"})
    assert (again.status_code, again.json()["code"]) == (409, "illegal_move")
    send(client, "post", f"/returns/{parcel.pk}/receive")
    judged = send(client, "post", f"/returns/{parcel.pk}/inspect", {"accepted": True})
    assert judged.json()["state"] == "ACCEPTED"


def test_what_is_another_s_is_missing_and_nobody_is_asked_to_sign_in(
    supplier, rival, others, offer, purchase, parcel
):
    calls = [
        ("get", f"/suppliers/{supplier.pk}/offers", None),
        ("post", f"/suppliers/{supplier.pk}/offers", NEW),
        ("get", f"/offers/{offer.pk}", None),
        ("patch", f"/offers/{offer.pk}", {"title": "Mine now"}),
        ("delete", f"/offers/{offer.pk}", None),
        ("put", f"/offers/{offer.pk}/stock", {"on_hand": 0}),
        ("get", f"/purchase-orders/{purchase.number}", None),
        (
            "post",
            f"/purchase-orders/{purchase.number}/ship",
            {"carrier": "a", "tracking_number": "b"},
        ),
        ("post", f"/returns/{parcel.pk}/receive", None),
        ("post", f"/returns/{parcel.pk}/inspect", {"accepted": True}),
    ]
    for method, path, body in calls:
        for stranger in (rival, person()):
            assert send(api(stranger), method, path, body).status_code == 404, path
        assert send(api(None), method, path, body).status_code == 401, path
    for path in ("/suppliers", "/purchase-orders", "/returns"):
        assert api(None).get(f"/api/v1{path}").status_code == 401
    assert api(rival).get("/api/v1/purchase-orders").json()["results"] == []
    assert api(rival).get("/api/v1/returns").json()["results"] == []
    assert [row["id"] for row in api(rival).get("/api/v1/suppliers").json()] == [others.pk]
    offer.refresh_from_db()
    assert (offer.title, offer.stock.on_hand) == ("Cotton tee", 10)
