"""Listings and pictures for tests."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image

from catalog import actions
from catalog.models import Category, Listing
from supply.models import Supplier
from supply.tests.goods import ADMIN, offer_of


def listing_of(supplier: Supplier, *, category: Category | None = None, **wanted: Any) -> Listing:
    price = wanted.pop("price_minor", None)
    offer = offer_of(supplier, **wanted)
    return actions.list_offer(offer=offer, actor=ADMIN, category=category, price_minor=price)


def image(width: int = 800, height: int = 600, format: str = "JPEG", **options: Any) -> bytes:
    out = BytesIO()
    mode = "RGBA" if format == "PNG" else "RGB"
    Image.new(mode, (width, height), (200, 80, 40)).save(out, format, **options)
    return out.getvalue()
