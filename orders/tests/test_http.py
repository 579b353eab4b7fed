"""Orders over HTTP: the API's contract, the pages without script, and who may see what."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from orders import actions
from orders.models import AfterSaleCase, Order
from orders.tests.conftest import states_of, user
from supply.models import ReturnParcel

API = "/api/v1"


@pytest.fixture
def stranger(market):
    client = Client()
    client.force_login(user("stranger"))
    return client


@pytest.fixture
def seller(market):
    client = Client()
    client.force_login(market.seller)
    return client


def post(client, path, body=None, key=None):
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(API + path, body or {}, content_type="application/json", headers=headers)


def wish(market, quantity=1, **more):
    return {
        "lines": [
            {
                "placement_id": market.placement.pk,
                "variant_id": market.term.listing_variant_id,
                "quantity": quantity,
            }
        ],
        **more,
    }


def test_placing_replaying_and_reusing_a_key(market):
    first = post(market.client, "/orders", wish(market, 2), key="k")
    assert first.status_code == 201
    assert first.json()["total_minor"] == 20_000
    again = post(market.client, "/orders", wish(market, 2), key="k")
    assert again.status_code == 200
    assert again.json()["number"] == first.json()["number"]
    other = post(market.client, "/orders", wish(market, 3), key="k")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert other["Content-Type"] == "application/problem+json"
    assert market.stock() == (10, 2)


def test_without_a_key_nothing_is_bought(market):
    refused = post(market.client, "/orders", wish(market))
    assert (refused.status_code, refused.json()["code"]) == (422, "key_missing")
    assert not Order.objects.exists()


def test_a_sold_out_answer_says_what_is_left(market):
    refused = post(market.client, "/orders", wish(market, 11), key="k")
    assert (refused.status_code, refused.json()["code"]) == (409, "sold_out")
    assert refused.json()["left"] == 10


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"lines": "all"},
        {"lines": [{"quantity": "many"}]},
        {"lines": [{"quantity": 1}]},
        {"lines": [{"quantity": 1, "placement_id": 10**30, "variant_id": 1}]},
        {"lines": [{"quantity": 10**30, "placement_id": 1, "variant_id": 1}]},
        {"lines": [], "price": 1},
    ],
)
def test_a_malformed_wish_is_a_problem_document(market, body):
    refused = post(market.client, "/orders", body, key="k")
    assert refused.status_code in {404, 422}
    assert refused["Content-Type"] == "application/problem+json"


def test_the_api_carries_an_order_from_purchase_to_refund(market, seller):
    number = post(market.client, "/orders", wish(market), key="k").json()["number"]
    market.pump()
    path = f"/orders/{number}"
    assert market.client.get(API + path).json()["status"] == "PAID_ON_HOLD"
    assert post(market.client, path + "/release-hold").json()["status"] == "ALLOCATED"
    order = Order.objects.get(number=number)
    _deliver(market, order)
    line = market.client.get(API + path).json()["lines"][0]
    assert line["state"] == "DELIVERED"
    claim = {"kind": "return_and_refund", "reason": "damaged", "description": "broken"}
    opened = post(market.client, f"/orders/lines/{line['id']}/cases", claim, key="c")
    assert opened.status_code == 201
    replayed = post(market.client, f"/orders/lines/{line['id']}/cases", claim, key="c")
    assert replayed.json()["number"] == opened.json()["number"]
    case = f"/cases/{opened.json()['number']}"
    assert post(market.client, case + "/approve", {"note": ""}).status_code == 404
    assert post(seller, case + "/approve", {"note": "sorry"}).json()["state"] == "AWAITING_RETURN"
    sent = post(market.client, case + "/dispatch", {"carrier": "ZTO", "tracking_number": "Z1"})
    assert sent.json()["state"] == "RETURN_IN_TRANSIT"
    from supply.actions import receive_return

    parcel = ReturnParcel.objects.get(case_ref=opened.json()["number"])
    receive_return(parcel=parcel, actor=market.seller)
    market.pump()
    market.inspected(AfterSaleCase.objects.get())
    assert market.client.get(API + case).json()["state"] == "REFUNDED"
    refunds = market.client.get(API + path).json()["refunds"]
    assert [(r["amount_minor"], r["state"]) for r in refunds] == [(10_000, "SUCCEEDED")]


def _deliver(market, order):
    from supply.actions import record_delivery, ship
    from supply.models import PurchaseOrder

    purchase = PurchaseOrder.objects.get(order_ref=order.number)
    parcel = ship(purchase_order=purchase, carrier="SF", tracking_number="SF9", actor=market.seller)
    record_delivery(shipment=parcel, actor=market.seller)
    market.pump()


@pytest.mark.parametrize("number", ["%00", "x" * 300, "ABCDEFGHJKMN", "%F0%9F%98%80", "..%2F"])
def test_a_number_that_cannot_be_is_not_found_anywhere(market, seller, number):
    for path in ("/orders/{}/", "/orders/cases/{}/", f"{API}/orders/{{}}", f"{API}/cases/{{}}"):
        assert market.client.get(path.format(number)).status_code == 404, path
    assert seller.get(f"/supplier/cases/{number}/").status_code == 404
    assert market.client.post(f"/orders/{number}/cancel/").status_code == 404
    assert market.client.get(f"/orders/pay/{number}/").status_code == 404


def test_a_text_that_cannot_be_kept_is_refused(market):
    case = actions.open_case(
        line=market.delivered().lines.get(),
        buyer=market.buyer,
        kind="return_and_refund",
        reason="damaged",
    )
    assert post(market.client, f"/cases/{case.number}/notes", {"text": "a\x00b"}).status_code == 422
    market.client.post(f"/orders/cases/{case.number}/note/", {"text": "a\x00b"})
    assert case.notes.get().text == "ab"


def test_lists_are_paged_by_cursor_and_hold_only_my_orders(market, stranger):
    for n in range(3):
        market.order(key=f"k{n}")
    page = market.client.get(API + "/orders?page_size=2").json()
    assert len(page["results"]) == 2
    rest = market.client.get(page["next"]).json()
    assert len(rest["results"]) == 1
    assert stranger.get(API + "/orders").json()["results"] == []
    assert market.client.get(API + "/orders?tab=done").json()["results"] == []


def test_a_foreign_order_is_not_there_for_anyone_by_any_way(market, stranger, seller):
    order = market.delivered()
    case = actions.open_case(
        line=order.lines.get(),
        buyer=market.buyer,
        kind="return_and_refund",
        reason="damaged",
    )
    n, line = order.number, order.lines.get().pk
    for client in (stranger, seller):
        assert client.get(f"{API}/orders/{n}").status_code == 404
        assert client.get(f"/orders/{n}/").status_code == 404
        for verb in ("cancel", "release-hold", "confirm", "payments"):
            assert post(client, f"/orders/{n}/{verb}").status_code == 404, verb
        for verb in ("cancel", "pay", "ship-now", "confirm"):
            assert client.post(f"/orders/{n}/{verb}/").status_code == 404, verb
        assert client.get(f"/orders/lines/{line}/claim/").status_code == 404
        claim = {"kind": "return_and_refund", "reason": "damaged"}
        assert post(client, f"/orders/lines/{line}/cases", claim, key="k").status_code == 404
        for verb in ("withdraw", "escalate"):
            assert post(client, f"/cases/{case.number}/{verb}").status_code == 404, verb
        assert client.post(f"/orders/cases/{case.number}/withdraw/").status_code == 404
    for verb in ("approve", "reject", "notes"):
        answer = post(stranger, f"/cases/{case.number}/{verb}", {"note": "x"})
        assert answer.status_code in {404, 422}, verb
    assert stranger.get(f"{API}/cases/{case.number}").status_code == 404
    assert stranger.get(f"/supplier/cases/{case.number}/").status_code == 404
    assert stranger.post(f"/supplier/cases/{case.number}/approve/").status_code == 404
    assert seller.get(f"{API}/cases/{case.number}").status_code == 200
    assert states_of(order) == ["DELIVERED"]


def test_guests_are_sent_to_sign_in(market):
    guest = Client()
    order = market.order()
    for path in ("/orders/", f"/orders/{order.number}/", "/studio/orders/", "/supplier/cases/"):
        answer = guest.get(path)
        assert answer.status_code == 302, path
        assert "login" in answer["Location"]
    assert guest.post("/orders/buy/").status_code == 302
    assert post(guest, "/orders", wish(market), key="k").status_code == 401


# Pages ---------------------------------------------------------------------------------------


def form(market, **more):
    return {
        "placement": market.placement.pk,
        "variant": market.term.listing_variant_id,
        "quantity": "1",
        **more,
    }


def test_buying_without_script_leads_to_the_order(market):
    answer = market.client.post("/orders/buy/", form(market, quantity="2", key="k"))
    order = Order.objects.get()
    assert answer["Location"] == f"/orders/{order.number}/"
    market.client.post("/orders/buy/", form(market, quantity="2", key="k"))
    assert Order.objects.count() == 1
    page = market.client.get(answer["Location"]).content.decode()
    assert order.number in page
    assert "Goods SCARF" in page


def test_a_plain_purchase_that_is_refused_says_why_on_the_page_it_came_from(market):
    refused = market.client.post(
        "/orders/buy/",
        form(market, quantity="50"),
        headers={"Referer": "http://testserver/orders/"},
    )
    assert refused["Location"] == "http://testserver/orders/"
    assert "Only 10" in market.client.get("/orders/").content.decode()
    away = market.client.post(
        "/orders/buy/", form(market, quantity="50"), headers={"Referer": "https://evil.example/"}
    )
    assert away["Location"] == "/"


def test_a_plain_purchase_without_an_address_leads_to_the_address_form(market):
    client = Client()
    client.force_login(user("nomad"))
    answer = client.post("/orders/buy/", form(market))
    assert answer["Location"].startswith(reverse("accounts:add_address"))


def test_a_plain_purchase_is_protected_against_foreign_sites(market):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(market.buyer)
    assert strict.post("/orders/buy/", form(market)).status_code == 403
    assert not Order.objects.exists()


def test_the_api_takes_no_order_from_a_session_of_a_foreign_site(market):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(market.buyer)
    assert post(strict, "/orders", wish(market), key="k").status_code == 403
    assert not Order.objects.exists()


@pytest.mark.parametrize("tab", ["all", "pay", "ship", "receive", "done", "cases", "nonsense"])
def test_the_list_has_a_tab_for_every_stage(market, tab):
    orders = {
        "pay": market.order(scenario="three_ds"),
        "ship": market.paid(),
        "receive": market.delivered(),
    }
    page = market.client.get(f"/orders/?tab={tab}").content.decode()
    shown = set(re.findall(r"/orders/([0-9A-Z]{12})/", page))
    everything = {order.number for order in orders.values()}
    expected = {orders[tab].number} if tab in orders else everything
    assert shown == (expected if tab not in {"done", "cases"} else set())


def test_a_mistyped_order_number_is_called_that(market):
    page = market.client.get("/orders/ABCDEFGHJKM1/")
    assert page.status_code == 404
    assert "not an order number" in page.content.decode()


def test_the_order_page_offers_what_can_be_done_now_and_tells_the_money(market):
    order = market.order(scenario="three_ds")
    url = f"/orders/{order.number}/"
    assert "Confirm the payment" not in market.client.get(url).content.decode()
    market.pump()
    assert "Confirm the payment" in market.client.get(url).content.decode()
    order = market.paid()
    url = f"/orders/{order.number}/"
    page = market.client.get(url).content.decode()
    assert "Ship it now" in page
    assert "Cancel the order" in page
    assert market.client.post(url + "ship-now/")["Location"] == url
    market.pump()
    page = market.client.get(url).content.decode()
    assert "Ask for a refund" in page
    _deliver(market, order)
    page = market.client.get(url).content.decode()
    for text in ("SF9", "Return it", "I have received it"):
        assert text in page
    refused = market.client.post(url + "cancel/", follow=True)
    assert "can no longer be cancelled" in refused.content.decode()


def test_returning_by_the_pages_from_claim_to_refund(market, seller):
    order = market.delivered()
    line = order.lines.get()
    claim = f"/orders/lines/{line.pk}/claim/"
    assert market.client.get(claim).status_code == 200
    again = market.client.post(claim, {"reason": "", "quantity": "1"})
    assert again.status_code == 200
    answer = market.client.post(
        claim, {"reason": "damaged", "quantity": "1", "description": "<b>broken</b>"}
    )
    case = AfterSaleCase.objects.get()
    assert answer["Location"] == f"/orders/cases/{case.number}/"
    page = seller.get(f"/supplier/cases/{case.number}/").content.decode()
    assert "&lt;b&gt;broken" in page
    assert case.number in seller.get("/supplier/cases/").content.decode()
    seller.post(f"/supplier/cases/{case.number}/note/", {"text": "We are sorry."})
    seller.post(f"/supplier/cases/{case.number}/approve/", {"text": "of course"})
    page = market.client.get(answer["Location"]).content.decode()
    assert "We are sorry." in page
    assert "I have sent it" in page
    market.client.post(
        answer["Location"] + "dispatch/", {"carrier": "ZTO", "tracking_number": "Z9"}
    )
    case.refresh_from_db()
    assert case.state == "RETURN_IN_TRANSIT"
    assert order.number in market.client.get("/orders/?tab=cases").content.decode()


def test_refusing_and_escalating_by_the_pages(market, seller):
    order = market.delivered()
    case = actions.open_case(
        line=order.lines.get(), buyer=market.buyer, kind="return_and_refund", reason="damaged"
    )
    empty = seller.post(f"/supplier/cases/{case.number}/reject/", {"text": ""}, follow=True)
    assert "Say why" in empty.content.decode()
    seller.post(f"/supplier/cases/{case.number}/reject/", {"text": "It was fine."})
    page = market.client.get(f"/orders/cases/{case.number}/").content.decode()
    assert "It was fine." in page
    market.client.post(f"/orders/cases/{case.number}/escalate/", {"text": "It was not."})
    case.refresh_from_db()
    assert case.state == "ARBITRATING"


def test_the_anchor_sees_what_was_sold_and_no_buyer(market):
    client = Client()
    client.force_login(market.anchor)
    market.paid()
    page = client.get("/studio/orders/").content.decode()
    assert "Goods SCARF" in page
    assert "Li Lei" not in page
    rows = client.get(API + "/orders/sold").json()["results"]
    assert rows[0]["total_minor"] == 10_000
    assert "ship_to" not in rows[0]


def test_staff_act_in_the_back_office_by_post_only(market):
    client = Client()
    client.force_login(market.staff)
    order = market.paid()
    case = market.returned(market.delivered())
    market.inspected(case, accepted=False)
    for path in ("order", "orderline", "paymentintent", "refund", "aftersalecase", "webhookinbox"):
        assert client.get(f"/admin/orders/{path}/").status_code == 200, path
    assert client.get(f"/admin/orders/order/{order.pk}/change/").status_code == 200
    assert client.get(f"/admin/orders/order/{order.pk}/cancel/").status_code == 200
    assert states_of(order) == ["PAID_ON_HOLD"]
    client.post(f"/admin/orders/order/{order.pk}/cancel/")
    assert states_of(order) == ["CANCELLED"]
    rule = f"/admin/orders/aftersalecase/{case.pk}/rule/"
    assert client.get(rule).status_code == 200
    client.post(rule, {"ruling": "buyer", "note": "seen it", "fault": ""})
    market.pump()
    case.refresh_from_db()
    assert case.state == "REFUNDED"


def test_a_buyer_cannot_reach_the_back_office(market):
    order = market.paid()
    market.client.post(f"/admin/orders/order/{order.pk}/cancel/")
    assert states_of(order) == ["PAID_ON_HOLD"]
