"""Suppliers and offers for tests, made by the actions that make the real ones."""

from __future__ import annotations

import secrets
from typing import Any

from accounts.models import User
from core.actors import Actor
from supply import actions
from supply.actions import PurchaseLine
from supply.models import Offer, PurchaseOrder, Supplier

ADMIN = Actor("admin", None, "test")
ADDRESS = {"recipient": "Mei Lin", "city": "Hangzhou"}


def person(name: str = "", **extra: Any) -> User:
    name = name or f"user-{secrets.token_hex(4)}"
    return User.objects.create_user(name, f"{name}@example.org", "a long pass phrase", **extra)


def supplier_of(user: User, name: str = "Kestrel", *, admitted: bool = True) -> Supplier:
    supplier = actions.apply_as_supplier(user=user, name=name)
    return actions.admit(supplier=supplier, actor=ADMIN) if admitted else supplier


def offer_of(supplier: Supplier, **wanted: Any) -> Offer:
    """A tee at 99.00 (supply price 60.00, commission 20 %) with ten in stock."""
    sku = wanted.pop("sku", f"tee-{secrets.token_hex(3)}")
    values: dict[str, Any] = {
        "supplier": supplier,
        "actor": ADMIN,
        "sku": sku,
        "product_code": sku,
        "title": "Cotton tee",
        "supply_price_minor": 6_000,
        "suggested_price_minor": 9_900,
        "commission_bps": 2_000,
        "on_hand": 10,
    }
    return actions.create_offer(**{**values, **wanted})


def line(ref: int, offer: Offer, quantity: int = 1) -> PurchaseLine:
    return PurchaseLine(ref, offer.pk, offer.title, quantity, offer.supply_price_minor)


def release(*lines: PurchaseLine, order_ref: str = "ORDER1") -> list[PurchaseOrder]:
    return actions.release_purchase_orders(order_ref=order_ref, ship_to=ADDRESS, lines=list(lines))


def published(topic: str) -> list[dict[str, Any]]:
    """Payloads of the events announced so far under a topic, oldest first."""
    from core.models import OutboxEvent

    rows = OutboxEvent.objects.filter(topic=topic).order_by("id")
    return list(rows.values_list("payload", flat=True))
