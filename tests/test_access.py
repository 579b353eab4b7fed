"""Every route, walked by every kind of reader: another's object is exactly as absent as a missing one.

A new route must be told here whom it is for, or this file fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver

from accounts.actions import issue_token
from catalog.actions import list_offer
from core import clock
from orders import actions as orders
from orders.models import PaymentFinding
from orders.tests.conftest import (  # noqa: F401
    Market,
    _webhooks_reach_our_own_endpoint,
    address_of,
    market,
    user,
)
from rooms import actions as rooms
from rooms.actions import crew, moderation, reports, standing
from rooms.tests import factories as make
from supply.models import PurchaseOrder

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(180)]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")

# Open to everybody, guests included.
PUBLIC = [
    r"^(healthz|readyz|metrics|favicon.ico)$",
    r"^$",
    r"^i18n/",
    r"^accounts/",
    r"^me/language/$",
    r"^media/",
    r"^goods/",
    r"^api/v1/$",
    r"^api/v1/(openapi.json|docs)$",
    r"^api/v1/rooms$",
    r"^api/v1/rooms/<slug:slug>/(snapshot|playback|likes)$",
    r"^api/v1/(listings|categories)",
    r"^api/v1/payments/webhooks/",
    r"^rooms/<slug:slug>/(replay/|poll/|calendar\.ics|qr\.svg|og\.png)?$",
]
# Open to every signed-in reader of a public room.
TAKING_PART = [
    r"^api/v1/rooms/<slug:slug>/(chat|reports)$",
    r"^me/follow/",
    r"^api/v1/rooms/<slug:slug>/coupons/<coupon>/claim$",
    r"^rooms/<slug:slug>/reminder/$",
]
# An account's own pages: no object in the address, so nobody else's to reach.
OWN = r"<|\(\?P"


@dataclass
class World:
    """One person who owns one of everything, and a stranger who plays the same roles elsewhere."""

    owner: Client
    stranger: Client
    guest: Client
    present: dict[tuple[str, str], object]

    def address(self, route: str, *, missing: bool) -> str:
        def fill(match: re.Match[str]) -> str:
            name = match[1] or match[2]
            return str(self.value(route, name, missing))

        return "/" + PARAMETER.sub(fill, route).replace("^", "").replace("$", "")

    def value(self, route: str, name: str, missing: bool) -> object:
        for (pattern, parameter), value in self.present.items():
            if parameter == name and re.search(pattern, route):
                if not missing:
                    return value
                return 999_999_999 if isinstance(value, int) else "0000000000XX"
        raise AssertionError(f"teach this test a value for <{name}> of {route}")


@pytest.fixture
def world(market: Market) -> World:  # noqa: F811
    market.supplier.members.set([market.seller, market.buyer])
    order = market.delivered()
    line = order.lines.get()
    case = market.returned(order)
    parcel_case = case.number
    room = rooms.quick_start(user=market.buyer, title="Mine")
    shown = list_offer(offer=market.new_offer("SHOWN"), actor=market.seller)
    item = rooms.add_item(room=room, listing=shown, actor=market.buyer)
    flash = make.flash(room, item, price=9_000)
    coupon = make.coupon(room)
    token, _secret = issue_token(user=market.buyer, name="mine")
    unpaid = market.order(scenario="three_ds")
    charge = unpaid.payments.get()

    finding = PaymentFinding.objects.create(
        provider="sandbox",
        kind="missing_here",
        subject="charge",
        ref="sc_x",
        occurred_at=clock.now(),
    )

    helper = user("helper")
    member = crew.invite(anchor=market.buyer, who=helper.username, role="moderator")
    elsewhere_room = rooms.quick_start(user=user("strict"), title="Elsewhere")
    given = moderation.sanction(
        room=elsewhere_room,
        actor=elsewhere_room.anchor,
        role="anchor",
        target=market.buyer,
        kind="mute",
    )

    decided = standing.decide(
        room=room, actor=user("admin", is_staff=True), kind="warn", reason="Show the papers."
    )
    objection = reports.appeal(given=given, user=market.buyer, text="It was not me.")

    stranger = user("stranger", is_staff=False)
    address_of(stranger)
    rooms.quick_start(user=stranger, title="Theirs")
    elsewhere = type(market.supplier).objects.create(code="else", name="Else", state="ACTIVE")
    elsewhere.members.add(stranger)
    orders.place_order(
        buyer=stranger, address=None, lines=[market.wanted()], key="theirs", source="test"
    )

    parcel = market.supplier.returns.get(case_ref=parcel_case)
    purchase = PurchaseOrder.objects.get(order_ref=order.number)
    return World(
        owner=signed_in(market.buyer),
        stranger=signed_in(stranger),
        guest=Client(),
        present={
            (r"cases/", "number"): case.number,
            (r"purchase-orders/", "number"): purchase.number,
            (r"returns/", "number"): parcel.case_ref,
            (r"orders", "number"): order.number,
            (r"^goods/|listings", "slug"): market.placement.listing.slug,
            (r"rooms/|studio/", "slug"): room.slug,
            (r"addresses", "pk"): market.address.pk,
            (r"addresses", "address_id"): market.address.pk,
            (r"tokens", "pk"): token.pk,
            (r"studio/crew/", "pk"): member.pk,
            (r"me/sanctions/rooms/", "pk"): decided.pk,
            (r"me/sanctions/", "pk"): given.pk,
            (r"staff/appeals/", "pk"): objection.pk,
            (r"tokens", "token_id"): token.pk,
            (r"items/", "placement"): item.placement_id,
            (r"flash-sales/", "flash"): flash.pk,
            (r"coupons/", "coupon"): coupon.pk,
            (r"streams/", "key"): room.stream.key,
            (r"lines/", "line_id"): line.pk,
            (r"offers/|stock/", "offer_id"): market.offer.pk,
            (r"returns/", "parcel_id"): parcel.pk,
            (r"shipments/|purchase-orders/", "shipment_id"): purchase.shipments.get().pk,
            (r"pictures/", "picture_id"): 999_999_998,
            (r"suppliers/", "supplier_id"): market.supplier.pk,
            (r"staff/payments/findings/", "finding_id"): finding.pk,
            (r"orders/pay/", "ref"): charge.provider_ref or "none",
            (r"webhooks/", "code"): "sandbox",
            (r"media/", "path"): "p/none-160.webp",
            (r"me/follow/", "username"): market.seller.username,
            (r"confirm-email", "key"): "none",
            (r"password/reset", "uidb36"): "1",
            (r"password/reset", "key"): "none",
        },
    )


def signed_in(person: object) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person)  # type: ignore[arg-type]
    return client


def routes() -> list[str]:
    found = set(_walk(get_resolver().url_patterns, ""))
    return sorted(route for route in found if not route.startswith("admin/"))


def _walk(patterns: list[object], prefix: str) -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern).lstrip("^" if prefix else "")
        if isinstance(pattern, URLPattern):
            yield route.lstrip("^")
        else:
            yield from _walk(pattern.url_patterns, route)


def listed(route: str, patterns: list[str]) -> bool:
    return any(re.search(pattern, route) for pattern in patterns)


def status(client: Client, method: str, address: str) -> int:
    answer = client.generic(method, address, data=b"{}", content_type="application/json")
    return answer.status_code


def test_a_guest_gets_into_nothing_but_what_is_public(world):
    open_doors = []
    for route in routes():
        if listed(route, PUBLIC):
            continue
        for method in METHODS:
            answer = world.guest.generic(
                method, world.address(route, missing=False), b"{}", "application/json"
            )
            to_sign_in = answer.status_code == 302 and "/accounts/login/" in answer["Location"]
            if not to_sign_in and answer.status_code not in {401, 403, 404, 405}:
                open_doors.append(f"{method} /{route}: {answer.status_code}")
    assert open_doors == []


def test_a_stranger_cannot_tell_another_s_object_from_a_missing_one(world):
    leaks = []
    for route in routes():
        if not re.search(OWN, route) or listed(route, PUBLIC + TAKING_PART):
            continue
        for method in METHODS:
            foreign = status(world.stranger, method, world.address(route, missing=False))
            absent = status(world.stranger, method, world.address(route, missing=True))
            if foreign != absent or foreign not in {400, 403, 404, 405, 422}:
                leaks.append(f"{method} /{route}: another's {foreign}, missing {absent}")
    assert leaks == []


def test_the_walk_has_teeth_because_the_owner_gets_in(world):
    """Negative control: were the sample values wrong, everybody would be refused alike."""
    reached = 0
    refused = []
    for route in routes():
        if not re.search(OWN, route) or listed(route, PUBLIC):
            continue
        answers = [
            status(world.owner, method, world.address(route, missing=False))
            for method in ("GET", "POST")
        ]
        if any(code != 404 and code != 405 for code in answers):
            reached += 1
        else:
            refused.append(f"/{route}: {answers}")
    assert reached >= 30, refused


@pytest.mark.parametrize("who", ["guest", "stranger", "owner"])
def test_no_route_breaks_on_a_clumsy_request(world, who):
    client = getattr(world, who)
    client.raise_request_exception = False
    broken = []
    for route in routes():
        for method in METHODS:
            for missing in (False, True):
                code = status(client, method, world.address(route, missing=missing))
                if code >= 500 and route != "readyz":
                    broken.append(f"{method} /{route}: {code}")
    assert broken == []
