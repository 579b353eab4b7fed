"""The shop's side of the sale, run inside `manage.py shell`: one SKU on a flash sale, and its buyers."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

PIECES = 10_000_000


def open_sale(buyers: int) -> None:
    """Prints room, placement, variant, offer, flash, buyers (ids), sessions, addresses and cookie."""
    from django.conf import settings
    from django.utils import timezone

    from accounts.models import Address, User
    from promotion.models import CommissionPlan, FlashSale
    from rooms.tests import factories as make
    from supply.models import Offer
    from tests.show import session_of

    room = make.live_room(make.user(), items=1)
    item = make.first_item(room)
    offer = make.set_stock(item, PIECES)
    sale = make.flash(room, item, quantity=100_000, per_buyer=10, seconds=300)
    # Longer and larger than an anchor may ask for, so that one sale serves all rounds.
    FlashSale.objects.filter(pk=sale.pk).update(
        quantity=PIECES,
        per_buyer=PIECES,
        starts_at=timezone.now(),
        ends_at=timezone.now() + timedelta(hours=6),
    )
    people = User.objects.bulk_create(
        User(username=f"shopper{n}", email=f"s{n}@example.org", password="!") for n in range(buyers)
    )
    Address.objects.bulk_create(
        Address(
            user=person,
            recipient="Li Lei",
            phone="13800000000",
            region="Zhejiang",
            city="Hangzhou",
            street="1 Lake Road",
            is_default=True,
        )
        for person in people
    )
    _say(
        room=room.pk,
        placement=item.placement_id,
        variant=item.card["variants"][0]["id"],
        offer=offer,
        flash=sale.pk,
        supplier=Offer.objects.get(pk=offer).supplier_id,
        plan=CommissionPlan.objects.get(offer=offer).pk,
        anchor=room.anchor_id,
        buyers=[person.pk for person in people],
        sessions=[session_of(person) for person in people],
        cookie=settings.SESSION_COOKIE_NAME,
    )


def books(offer: int) -> None:
    """Prints what must agree: orders placed, pieces in their lines, pieces reserved, on hand."""
    from django.db.models import Sum

    from orders.audit import findings
    from orders.models import Order, OrderLine, Reservation
    from supply.models import Stock

    stock = Stock.objects.get(offer=offer)
    lines = OrderLine.objects.filter(offer=offer)
    _say(
        orders=Order.objects.count(),
        numbers=list(Order.objects.filter(source="room").values_list("number", flat=True)),
        pieces=lines.aggregate(sum=Sum("quantity"))["sum"] or 0,
        promised=Reservation.objects.filter(offer=offer, state="held").aggregate(
            sum=Sum("quantity")
        )["sum"]
        or 0,
        reserved=stock.reserved,
        on_hand=stock.on_hand,
        findings=[f"{one.rule}: {one.what}" for one in findings()],
    )


def _say(**fields: Any) -> None:
    print("HEARD " + json.dumps(fields))
