"""Suppliers through admission, categories, offers with stock, listings with pictures."""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from django.db import transaction

from accounts.models import User
from catalog import actions as catalog
from catalog.models import Category, Listing
from demo.pictures import still_png
from demo.stock.goods import CATEGORIES, GOODS, SUPPLIERS, Good, SupplierData
from demo.stock.people import DEMO_SUPPLIER
from promotion import actions as promotion
from supply import actions as supply
from supply.models import Offer, Supplier

# So much that two months of history cannot sell out; brought down to believable numbers after it.
PLENTY = 5000
DRAWING_PROCESSES = 2


def seed_goods(limit: int) -> None:
    """Everything there is to sell; each product in a transaction of its own."""
    admin = User.objects.get(username="admin")
    for position, data in enumerate(CATEGORIES):
        Category.objects.get_or_create(
            slug=data.slug,
            defaults={"name_en": data.name_en, "name_zh": data.name_zh, "position": position},
        )
    for supplier in SUPPLIERS:
        _supplier(supplier, admin)
    known = set(Offer.objects.values_list("product_code", flat=True))
    missing = [good for good in GOODS if good.code not in known][:limit]
    for good, picture in _drawn(missing):
        with transaction.atomic():
            _good(good, picture, admin)


def _supplier(data: SupplierData, admin: User) -> None:
    if Supplier.objects.filter(code=data.code).exists():
        return
    owner = User.objects.get(username="supplier") if data.code == DEMO_SUPPLIER else admin
    with transaction.atomic():
        supplier = supply.apply_as_supplier(
            user=owner,
            name=data.name,
            code=data.code,
            contact_email=data.contact,
            return_address={
                "recipient": data.name,
                "phone": "+86 400 820 8820",
                "country": "CN",
                "region": data.city,
                "city": data.city,
                "street": data.street,
                "postal_code": "310000",
            },
        )
        supply.move_supplier(supplier=supplier, to="SUBMITTED", actor=owner, why="papers sent")
        supply.admit(supplier=supplier, actor=admin, why="papers, sample and deposit are there")


def _good(good: Good, picture: bytes, admin: User) -> None:
    supplier = Supplier.objects.get(code=good.supplier)
    category = Category.objects.get(slug=good.category)
    listing: Listing | None = None
    for number, options in enumerate(good.variants(), start=1):
        offer = supply.create_offer(
            supplier=supplier,
            actor=admin,
            sku=f"{good.code}-{number}".upper(),
            product_code=good.code,
            title=good.title,
            description=good.description,
            brand=good.brand,
            option_values=options,
            supply_price_minor=good.supply_price_minor,
            suggested_price_minor=good.price_minor,
            commission_bps=good.commission_bps,
            dispatch_hours=good.dispatch_hours,
            on_hand=PLENTY,
        )
        if not offer.commission_plans.filter(ended_at__isnull=True).exists():
            promotion.open_plan(offer=offer, rate_bps=good.commission_bps, actor=admin)
        listing = catalog.list_offer(offer=offer, actor=admin, category=category)
    assert listing is not None
    catalog.add_picture(product=listing.product, upload=picture, alt=good.title)


def believable_stock() -> None:
    """Bring every offer down to a number that fits a warehouse shelf, never under what is promised."""
    source = random.Random("stock")
    admin = User.objects.get(username="admin")
    for offer in Offer.objects.select_related("stock").order_by("pk"):
        counted = source.choice([3, 5, 18, 24, 24, 36, 36, 48, 48, 60, 60, 90, 120, 180])
        supply.set_stock(
            offer=offer, on_hand=counted + offer.stock.reserved, actor=admin, why="counted"
        )


def _drawn(goods: list[Good]) -> Iterator[tuple[Good, bytes]]:
    """Pictures, drawn ahead by processes that know nothing of the database."""
    stills = [good.still for good in goods]
    brands = [good.brand for good in goods]
    if len(goods) < 2 * DRAWING_PROCESSES:
        yield from zip(goods, map(still_png, stills, brands), strict=True)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(DRAWING_PROCESSES, mp_context=context) as pool:
        yield from zip(goods, pool.map(still_png, stills, brands), strict=True)
