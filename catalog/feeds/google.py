"""Google Merchant XML (RSS 2.0 or Atom with the `g:` namespace), one item a row, in a stream.

Entities and document types are refused by defusedxml before they can grow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from django.utils.translation import gettext as _

from catalog.feeds.records import Row
from catalog.feeds.tables import MAX_ROWS
from core.errors import Invalid

OPTIONS = ("color", "size", "material", "pattern")
PLAIN = {
    "id": "sku",
    "item_group_id": "product_code",
    "title": "title",
    "description": "description",
    "brand": "brand",
    "product_type": "category",
    "quantity": "stock",
    "sell_on_google_quantity": "stock",
}


def is_xml(file: IO[bytes]) -> bool:
    file.seek(0)
    head = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    file.seek(0)
    return head.startswith(b"<")


def rows(file: IO[bytes]) -> Iterator[Row]:
    """Items, numbered from 2 as if below a header. Raises Invalid for broken or hostile XML."""
    number = 1
    file.seek(0)
    try:
        parser = iterparse(file, events=("start", "end"), forbid_dtd=True)
        _event, root = next(parser)
        for event, element in parser:
            if event == "end" and _name(element) in {"item", "entry"}:
                number += 1
                if number > MAX_ROWS + 1:
                    raise Invalid(
                        _("At most %d rows are read from one file. Split it into parts.")
                        % MAX_ROWS,
                        code="too_many_rows",
                    )
                yield _row(number, element)
                element.clear()
                # The emptied items themselves hang on their parent.
                for parent in (root, *root.iter("channel")):
                    parent[:] = [child for child in parent if child is not element]
    except (
        ParseError,
        DefusedXmlException,
        StopIteration,
        UnicodeDecodeError,
        LookupError,
    ) as error:
        raise Invalid(
            _("This XML cannot be read after item %d. Export the feed again.") % (number - 1),
            code="bad_xml",
        ) from error


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _row(number: int, item: Element) -> Row:
    values: dict[str, str] = {}
    images: list[tuple[str, str]] = []
    options: dict[str, str] = {}
    for child in item:
        name, text = _name(child), (child.text or "").strip()
        if field := PLAIN.get(name):
            values[field] = text
        elif name in OPTIONS and text:
            options[name.title()] = text
        elif name in {"price", "cost_of_goods_sold"}:
            amount, currency = _price(text)
            values["price" if name == "price" else "supply_price"] = amount
            values.setdefault("currency", currency)
        elif name == "image_link" and text:
            images.insert(0, (text, ""))
        elif name == "additional_image_link" and text:
            images.append((text, ""))
    for position, (name, value) in enumerate(options.items(), 1):
        values[f"option{position}_name"], values[f"option{position}_value"] = name, value
    # An item that is alone in its group is a product by itself; its colour tells it from nothing.
    values.setdefault("product_code", values.get("sku", ""))
    return Row(number, values, tuple(images))


def _price(text: str) -> tuple[str, str]:
    """“49.90 CNY”, or the other way round."""
    found = re.fullmatch(r"([\d.,]+)\s*([A-Za-z]{3})|([A-Za-z]{3})\s*([\d.,]+)", text)
    if found is None:
        return text, ""
    return found[1] or found[4], (found[2] or found[3]).upper()
