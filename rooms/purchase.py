"""Buying over the socket: the same action as over HTTP, its answer as an event."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Busy, Conflict, DomainError, InFlight, Invalid, SoldOut, TooMany
from orders.actions import Wanted, place_order
from rooms import wire

log = logging.getLogger(__name__)

Event = dict[str, Any]

THREADS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="room-buy")
# Purchases running or waiting in this process; past it the answer is `busy`, at once.
MOST_WAITING = 400

_KEY = re.compile(r"[\x21-\x7e]{8,64}")
_MAX_ID = 2**63 - 1


def checked(message: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a `buy` message. Raises Invalid(bad_message) naming the wrong one."""
    key = message.get("key")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise Invalid(_("`key` must be 8 to 64 printable characters."), code="bad_message")
    wish: dict[str, Any] = {"key": key}
    for name in ("placement", "variant", "qty"):
        value = message.get(name, 1 if name == "qty" else None)
        if not _is_id(value):
            raise Invalid(
                _("`%(field)s` must be a whole number from 1.") % {"field": name},
                code="bad_message",
            )
        wish[name] = value
    address = message.get("address")
    if address is not None and not _is_id(address):
        raise Invalid(_("`address` must be the number of an address."), code="bad_message")
    wish["address"] = address
    for name in ("flash", "total", "coupon"):
        value = message.get(name)
        no_coupon = name == "coupon" and value == 0 and not isinstance(value, bool)
        if value is not None and not no_coupon and not _is_id(value):
            raise Invalid(
                _("`%(field)s` must be a whole number from 1.") % {"field": name},
                code="bad_message",
            )
        wish[name] = value
    return wish


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MAX_ID


def buy(user_id: int, wish: Mapping[str, Any], language: str) -> Event:
    """Place the order of a checked `buy` message and say how it went. Runs in a thread."""
    key = wish["key"]
    with translation.override(language):
        try:
            placed = place_order(
                buyer=User.objects.get(pk=user_id, is_active=True),
                address=wish["address"],
                lines=[
                    Wanted(
                        quantity=wish["qty"],
                        placement_id=wish["placement"],
                        variant_id=wish["variant"],
                        flash_id=wish["flash"],
                    )
                ],
                key=key,
                source="room",
                coupon_id=wish["coupon"],
                agreed_minor=wish["total"],
            )
        except DomainError as error:
            return refusal(error, key)
        except Exception:
            log.exception("purchase failed")
            detail = _("Something went wrong. Try again; you will not be charged twice.")
            return {"t": "error", "code": "unavailable", "detail": detail, "key": key}
    return {
        "t": "order.accepted",
        "key": key,
        "order": placed.number,
        "total": wire.money(placed.total_minor, placed.currency),
        "saved": wire.money(placed.discount_minor, placed.currency)
        if placed.discount_minor
        else None,
        "payment": {"state": placed.payment_state, **asdict(placed.payment)},
    }


def refusal(error: DomainError, key: str) -> Event:
    """What the buyer is told, by the kind of refusal."""
    detail = str(error.detail) or str(error.title)
    if isinstance(error, SoldOut):
        answer = {"t": "sold_out", "key": key, "left": error.extra.get("left", 0)}
        if "flash" in error.extra:
            # Only the pieces at the flash price are gone; the goods are still to be had.
            usual = wire.money(error.extra["price_minor"], error.extra["currency"])
            answer |= {"flash": error.extra["flash"], "price": usual, "detail": detail}
        return answer
    if isinstance(error, Busy | TooMany | InFlight):
        return {"t": "busy", "key": key, "retry_after": error.extra.get("retry_after", 1)}
    if error.code == "limit":
        return {"t": "limit", "key": key, "detail": detail, "flash": error.extra.get("flash")}
    if error.code in {"price_changed", "coupon"}:
        return {"t": "price_changed", "key": key, "detail": detail}
    if isinstance(error, Conflict) and error.code == "closed":
        return {"t": "closed", "key": key, "detail": detail}
    return {"t": "error", "code": error.code, "detail": detail, "key": key}
