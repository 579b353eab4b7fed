"""Small worlds for the tests of rooms."""

from __future__ import annotations

import itertools
from typing import Any

from accounts.models import Address, User
from catalog.models import Category, Listing, ListingVariant, Product, Variant
from promotion.models import CommissionPlan, Coupon, FlashSale
from rooms import actions
from rooms.models import Room, RoomItem
from supply.models import Offer, Stock, Supplier

_numbers = itertools.count(1)


def user(name: str = "", **fields: Any) -> User:
    name = name or f"person{next(_numbers)}"
    return User.objects.create_user(name, f"{name}@example.org", "secret words 1", **fields)


def buyer(name: str = "") -> User:
    person = user(name)
    Address.objects.create(
        user=person,
        recipient="Li Lei",
        phone="13800000000",
        region="Zhejiang",
        city="Hangzhou",
        street="1 Lake Road",
        is_default=True,
    )
    return person


def listing(*, on_hand: int = 10, variants: int = 1, title: str = "") -> Listing:
    """A listing on sale with `variants` variants of 99.00 each and `on_hand` pieces of each."""
    number = next(_numbers)
    title = title or f"Silk scarf {number}"
    supplier = Supplier.objects.create(code=f"mill-{number}", name="The Mill", state="ACTIVE")
    category, _ = Category.objects.get_or_create(
        slug="apparel", defaults={"name_en": "Apparel", "name_zh": "服饰"}
    )
    product = Product.objects.create(title=title, category=category)
    found = Listing.objects.create(product=product, supplier=supplier, slug=f"scarf-{number}")
    for position in range(variants):
        options = {"Colour": f"red {position}"} if variants > 1 else {}
        offer = Offer.objects.create(
            supplier=supplier,
            sku=f"S{number}-{position}",
            product_code=f"P{number}",
            title=title,
            option_values=options,
            supply_price_minor=5000,
            suggested_price_minor=9900,
            commission_bps=2000,
            status=Offer.Status.ACTIVE,
        )
        Stock.objects.create(offer=offer, on_hand=on_hand)
        CommissionPlan.objects.create(offer=offer, rate_bps=2000)
        variant = Variant.objects.create(product=product, option_values=options, position=position)
        ListingVariant.objects.create(listing=found, variant=variant, offer=offer, price_minor=9900)
    return found


def live_room(anchor: User | None = None, *, items: int = 0) -> Room:
    anchor = anchor or user()
    room = actions.quick_start(user=anchor, title="Evening of silk")
    for _ in range(items):
        actions.add_item(room=room, listing=listing(), actor=anchor)
    return room


def first_item(room: Room) -> RoomItem:
    return RoomItem.objects.shown().filter(room=room).order_by("position")[0]


def set_stock(item: RoomItem, on_hand: int) -> int:
    """Change the truth without announcing it; returns the offer's id."""
    variant = ListingVariant.objects.get(pk=item.card["variants"][0]["id"])
    Stock.objects.filter(offer=variant.offer_id).update(on_hand=on_hand, reserved=0)
    return variant.offer_id


def flash(room: Room, item: RoomItem, **more: Any) -> FlashSale:
    """A flash sale of the item at 70.00 for a minute; it begins in three seconds."""
    values = {"quantity": 2, "per_buyer": 1, "seconds": 60, **more}
    price = values.pop("price", 7000)
    return actions.start_flash(
        room=room,
        placement_id=item.placement_id,
        prices={variant["id"]: price for variant in item.card["variants"]},
        actor=room.anchor,
        **values,
    )


def coupon(room: Room, **more: Any) -> Coupon:
    """A drop of two coupons of 5.00 for a minute."""
    values = {"amount_minor": 500, "count": 2, "valid_minutes": 30, "seconds": 60, **more}
    return actions.drop_coupon(
        room=room, kind=values.pop("kind", "fixed"), actor=room.anchor, **values
    )
