"""What goods cost at this moment, for templates."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext as _

from rooms import deals

register = template.Library()


@register.simple_tag
def price_shown(snapshot: dict[str, Any], item: dict[str, Any] | None) -> dict[str, str]:
    """{"now", "was"} in words for one of the snapshot's items; `was` is empty without a flash sale.

    Without an item both are empty.
    """
    if not item:
        return {"now": "", "was": ""}
    price = deals.price_shown(item, snapshot["board"], at=snapshot["now"])
    now = price.lowest["text"]
    if price.varies:
        now = _("from {price}").format(price=now)
    return {"now": now, "was": price.was["text"] if price.was else ""}
