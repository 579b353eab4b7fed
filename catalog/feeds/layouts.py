"""Which column means what: our template, Shopify's product export, and what a supplier taught us.

A layout maps a header, folded, to a field of ours. Fields of a row: product_code, title,
description, brand, category, option<n>_name, option<n>_value, sku, currency, supply_price, price,
commission_percent, dispatch_hours, stock, image_urls, image_alt, variant_image, supplier, gift_card.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from core.errors import Invalid

OPTIONS = 5
TEMPLATE_COLUMNS = (
    "product_code",
    "title",
    "description",
    "brand",
    "category",
    *(f"option{n}_{part}" for n in range(1, OPTIONS + 1) for part in ("name", "value")),
    "sku",
    "currency",
    "supply_price",
    "price",
    "commission_percent",
    "dispatch_hours",
    "stock",
    "image_urls",
)
FIELDS = frozenset({*TEMPLATE_COLUMNS, "image_alt", "variant_image", "supplier", "gift_card"})
# Says whether something is on sale, which only the pages and the admins decide.
STATUS = frozenset({"status", "state", "published", "approved", "active", "on_sale", "deleted"})

_SHOPIFY = {
    "handle": "product_code",
    "url_handle": "product_code",
    "title": "title",
    "body_html": "description",
    "description": "description",
    "vendor": "brand",
    "type": "category",
    "variant_sku": "sku",
    "sku": "sku",
    "variant_price": "price",
    "price": "price",
    "cost_per_item": "supply_price",
    "variant_inventory_qty": "stock",
    "inventory_quantity": "stock",
    "image_src": "image_urls",
    "product_image_url": "image_urls",
    "image_alt_text": "image_alt",
    "variant_image": "variant_image",
    "variant_image_url": "variant_image",
    "gift_card": "gift_card",
    **{f"option{n}_{part}": f"option{n}_{part}" for n in (1, 2, 3) for part in ("name", "value")},
}
_TEMPLATE = {name: name for name in (*TEMPLATE_COLUMNS, "image_alt", "supplier")}


@dataclass(frozen=True, slots=True)
class Layout:
    """Field of each column, in the file's order; None is not read."""

    name: str
    header: Sequence[str]
    fields: Sequence[str | None]

    def column(self, field: str) -> str:
        """The column's own name, as a problem calls it; our field's name when there is none."""
        found = next((h for h, f in zip(self.header, self.fields, strict=True) if f == field), "")
        return found or field

    @property
    def statuses(self) -> list[str]:
        return [name for name in self.header if folded(name) in STATUS]

    @property
    def unread(self) -> list[str]:
        """Columns that mean nothing to us; Shopify's many are left out of the telling."""
        if self.name == "shopify":
            return []
        pairs = zip(self.header, self.fields, strict=True)
        return [name for name, field in pairs if field is None and folded(name) not in STATUS]


def folded(name: str) -> str:
    """A header without case, punctuation and spaces: “Body (HTML)” is body_html."""
    return re.sub(r"[^\w]+", "_", name.strip().casefold()).strip("_")


def recognise(
    header: Sequence[str], *, format: str = "auto", mapping: Mapping[str, str] | None = None
) -> Layout:
    """The layout of a header. `mapping` gives columns' names the fields that they mean.

    Raises Invalid, naming the columns, when one that is needed is missing or a field is there
    twice.
    """
    names = [folded(name) for name in header]
    shopify = format == "shopify" or (
        format == "auto" and bool({"handle", "url_handle"} & set(names))
    )
    known = _SHOPIFY if shopify else _TEMPLATE
    taught = {folded(name): field for name, field in (mapping or {}).items()}
    if strange := sorted(set(taught.values()) - FIELDS - {""}):
        raise Invalid(_("There is no field called %s.") % ", ".join(strange), code="bad_mapping")
    fields = [taught.get(name, known.get(name)) or None for name in names]
    present = [field for field in fields if field]
    if twice := sorted({field for field in present if present.count(field) > 1}):
        raise Invalid(
            _("More than one column means %s. Keep one of them.") % ", ".join(twice),
            code="column_twice",
        )
    needed = ["product_code", "title", "price"] if shopify else ["title", "sku", "price"]
    if missing := [field for field in needed if field not in present]:
        raise Invalid(
            _("The first row must name the columns; missing: %s. Download the template to compare.")
            % ", ".join(missing),
            code="missing_header",
        )
    return Layout("shopify" if shopify else "template", list(header), fields)
