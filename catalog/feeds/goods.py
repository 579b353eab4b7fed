"""From rows to checked products: what belongs together, what each cell means, what is wrong with it."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import nh3
from babel.core import get_global
from django.utils.text import slugify
from django.utils.translation import gettext as _

from catalog.actions import MAX_PICTURES
from catalog.feeds.layouts import OPTIONS, Layout
from catalog.feeds.records import Good, Problem, Row, Sku, Summary
from core.errors import Invalid
from supply.actions.bulk import WantedOffer
from supply.actions.offers import MAX_PRICE_MINOR
from supply.actions.stock import MAX_ON_HAND
from supply.forms import to_minor

LIMITS = {"title": 160, "brand": 80, "description": 10_000, "sku": 60, "option": 60, "url": 2_000}
MAX_GROUP = 2_000
_TAG = re.compile(r"<\s*/?\s*[a-zA-Z!][^>]*>")
_BREAK = re.compile(r"<\s*(?:br|/p|/div|/li|/h[1-6]|/tr)\b[^>]*>", re.IGNORECASE)
_NUMBER = re.compile(r"(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
SHARED = ("title", "description", "brand", "category")


class Wrong(Exception):
    """A cell breaks a rule: of which field, and what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


@dataclass
class Reader:
    """Checks the rows of one file. `currency` is for rows that name none."""

    supplier_code: str
    currency: str
    layout: Layout
    summary: Summary
    skus: dict[str, int] = field(default_factory=dict)
    codes: dict[str, Row] = field(default_factory=dict)

    def goods(self, rows: Iterable[Row]) -> Iterator[Good]:
        """Products with at least one right SKU; what is wrong goes to the summary."""
        for group in self._groups(rows):
            if (good := self._good(group)) is not None:
                yield good

    def _groups(self, rows: Iterable[Row]) -> Iterator[list[Row]]:
        """Neighbours with one product code; a row without one is a product by itself."""
        group: list[Row] = []
        for row in rows:
            self.summary.rows += 1
            code = row.get("product_code")
            same = bool(group) and bool(code) and code == group[0].get("product_code")
            if group and (not same or len(group) >= MAX_GROUP):
                yield group
                group = []
            group.append(row)
        if group:
            yield group

    def _good(self, group: list[Row]) -> Good | None:
        first = group[0]
        raw = first.get("product_code") or first.get("sku") or slugify(first.get("title"))
        try:
            self._clean(first)
            if not raw:
                raise Wrong("product_code", _("Give the product a code of its own."))
            # Rows of a product may stand apart if each says what it is; bare ones may not.
            head = first if first.get("title") else self.codes.get(raw, first)
            shared = self._shared(head, group)
        except Wrong as wrong:
            for row in group:
                self._report(row, wrong)
            return None
        code = shortened(raw)
        self.codes.setdefault(raw, head)
        names = [head.get(f"option{n}_name") for n in range(1, OPTIONS + 1)]
        good = Good(code=code, category=shared.pop("category"), skus=[])
        for row in group:
            try:
                self._clean(row)
                self._pictures(good, row)
                if self._is_variant(row, first):
                    good.skus.append(self._sku(row, code, shared, names))
            except Wrong as wrong:
                self._report(row, wrong)
        return good if good.skus else None

    def _clean(self, row: Row) -> None:
        for name, text in row.values.items():
            if text and _CONTROL.search(text):
                raise Wrong(
                    name, _("This cell holds an invisible control character. Type it anew.")
                )
        owner = row.get("supplier")
        if owner and owner != self.supplier_code:
            raise Wrong(
                "supplier",
                _("This row belongs to another supplier. Remove it, or import it for that one."),
            )
        if row.get("gift_card").casefold() == "true":
            raise Wrong("gift_card", _("Gift cards cannot be offered. Remove the row."))

    def _shared(self, head: Row, group: list[Row]) -> dict[str, str]:
        found = {
            name: next((row.get(name) for row in [head, *group] if row.get(name)), "")
            for name in SHARED
        }
        if not found["title"]:
            raise Wrong(
                "title",
                _(
                    "The title is missing. Rows of one product stand together, the title in the first."
                ),
            )
        for name in ("title", "brand", "category"):
            if _TAG.search(found[name]):
                raise Wrong(name, _("HTML does not belong here. Write plain text."))
        found["title"] = html.unescape(found["title"])
        found["description"] = plain(found["description"])
        for name in ("title", "brand", "description"):
            if len(found[name]) > LIMITS[name]:
                raise Wrong(name, _too_long(LIMITS[name]))
        return found

    def _is_variant(self, row: Row, first: Row) -> bool:
        """Shopify gives further pictures rows of their own, with nothing in them but those."""
        told = ("price", "sku", *(f"option{n}_value" for n in range(1, OPTIONS + 1)))
        return row is first or any(row.get(name) for name in told) or not self._images(row)

    def _sku(self, row: Row, code: str, shared: dict[str, str], names: list[str]) -> Sku:
        options = self._options(row, names)
        sku = row.get("sku") or self._made_sku(code, options)
        if len(sku) > LIMITS["sku"]:
            raise Wrong("sku", _too_long(LIMITS["sku"]))
        if sku in self.skus:
            raise Wrong(
                "sku",
                _("SKU %(sku)s stands in row %(row)d already. Give this row its own, or remove it.")
                % {"sku": sku, "row": self.skus[sku]},
            )
        currency = (row.get("currency") or self.currency).upper()
        if currency not in get_global("all_currencies"):
            raise Wrong("currency", _("Use a currency code such as CNY."))
        price = self._amount(row, "price", currency)
        if price is None:
            raise Wrong("price", _("The price is missing. Write it as 49.90."))
        commission = self._decimal(row, "commission_percent")
        if commission is not None and not (0 <= commission <= 100 and commission * 100 % 1 == 0):
            raise Wrong(
                "commission_percent", _("Write a share from 0 to 100, at most two decimals.")
            )
        wanted = WantedOffer(
            sku=sku,
            product_code=code,
            title=shared["title"],
            brand=shared["brand"],
            description=shared["description"],
            option_values=options,
            currency=currency,
            suggested_price_minor=price,
            supply_price_minor=self._amount(row, "supply_price", currency),
            commission_bps=None if commission is None else int(commission * 100),
            dispatch_hours=self._whole(row, "dispatch_hours", 1, 720),
            on_hand=self._whole(row, "stock", 0, MAX_ON_HAND),
        )
        if wanted.supply_price_minor is not None and wanted.supply_price_minor > price:
            raise Wrong("supply_price", _("The price to the buyer must cover the supply price."))
        self.skus[sku] = row.number
        return Sku(row.number, wanted)

    def _options(self, row: Row, names: list[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for n in range(1, OPTIONS + 1):
            value = row.get(f"option{n}_value")
            name = row.get(f"option{n}_name") or names[n - 1]
            if not value or (name, value) == ("Title", "Default Title"):
                continue
            if not name:
                raise Wrong(f"option{n}_name", _("Name the option, such as Size."))
            if len(name) > 40 or len(value) > LIMITS["option"]:
                raise Wrong(f"option{n}_value", _too_long(LIMITS["option"]))
            if _TAG.search(value) or _TAG.search(name):
                raise Wrong(f"option{n}_value", _("HTML does not belong here. Write plain text."))
            if name in found:
                raise Wrong(f"option{n}_name", _("Name each option once."))
            found[name] = value
        return found

    def _made_sku(self, code: str, options: dict[str, str]) -> str:
        """For feeds that name none: the same every time, so that a repeat finds it again."""
        values = list(options.values())
        slug = "-".join(filter(None, [code, *map(slugify, values)]))
        # Values that slugify to nothing (Chinese) or to the same are told apart by their digest.
        if any(slugify(value) != value.casefold().replace(" ", "-") for value in values):
            slug = f"{slug}-{_digest('/'.join(values))}"
        return shortened(slug)

    def _amount(self, row: Row, name: str, currency: str) -> int | None:
        amount = self._decimal(row, name)
        if amount is None:
            return None
        try:
            minor = to_minor(amount, currency)
        except Invalid as error:
            raise Wrong(name, str(error.detail)) from error
        if not 1 <= minor <= MAX_PRICE_MINOR:
            raise Wrong(name, _("Enter a price above zero."))
        return minor

    def _decimal(self, row: Row, name: str) -> Decimal | None:
        text = row.get(name)
        if not text:
            return None
        if not text.isascii() or len(text) > 20 or not _NUMBER.fullmatch(text):
            raise Wrong(name, _("Write a plain number without signs, such as 49.90."))
        return Decimal(text.replace(",", ""))

    def _whole(self, row: Row, name: str, least: int, most: int) -> int | None:
        text = row.get(name)
        if not text:
            return None
        number = int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else None
        if number is None or not least <= number <= most:
            raise Wrong(
                name,
                _("Write a whole number from %(least)d to %(most)d.")
                % {"least": least, "most": most},
            )
        return number

    def _images(self, row: Row) -> list[tuple[str, str]]:
        told = [(url, row.get("image_alt")) for url in row.get("image_urls").split()]
        told += [(url, "") for url in row.get("variant_image").split()]
        return [*row.images, *told]

    def _pictures(self, good: Good, row: Row) -> None:
        for url, alt in self._images(row):
            if len(url.encode()) > LIMITS["url"] or not url.startswith(("https://", "http://")):
                raise Wrong(
                    "image_urls", _("Write the picture's whole address, beginning with https://.")
                )
            if len(good.images) < MAX_PICTURES:
                good.images.setdefault(url, alt[:160])

    def _report(self, row: Row, wrong: Wrong) -> None:
        self.summary.add(Problem(row.number, self.layout.column(wrong.field), wrong.message))


def plain(text: str) -> str:
    """HTML as the plain text that our pages show; scripts, styles and tags are gone for good."""
    if "<" not in text and "&" not in text:
        return text.strip()
    broken = _BREAK.sub(lambda found: f"{found.group()}\n", text)
    bare = nh3.clean(broken, tags=set(), clean_content_tags={"script", "style"})
    lines = (line.strip() for line in html.unescape(bare).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def shortened(text: str, most: int = 60) -> str:
    """`text`, or its beginning and a digest of all of it where it is too long for a code."""
    return text if len(text) <= most else f"{text[: most - 13]}-{_digest(text)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _too_long(most: int) -> str:
    return _("At most %d characters fit here. Shorten it.") % most
