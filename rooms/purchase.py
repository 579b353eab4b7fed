"""Buying over the socket: the same action as over HTTP, its answer as an event."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Busy, Conflict, DomainError, InFlight, Invalid, SoldOut, TooMany
from orders.actions import Outcome, Wanted, place_order, place_order_soon
from orders.payments.contract import WAIT, NextAction
from rooms import wire

log = logging.getLogger(__name__)

Event = dict[str, Any]

THREADS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="room-buy")
# Purchases of the single way that run or wait in this process; past it the answer is `busy`, at once.
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


def ask(user_id: int, wish: Mapping[str, Any]) -> Future[Outcome]:
    """Hand a checked `buy` message to the order engine. Raises Invalid for a wrong quantity."""
    return place_order_soon(
        buyer_id=user_id,
        wish=_wanted(wish),
        key=wish["key"],
        source="room",
        address_id=wish["address"],
        coupon_id=wish["coupon"],
        agreed_minor=wish["total"],
    )


def _wanted(wish: Mapping[str, Any]) -> Wanted:
    return Wanted(
        quantity=wish["qty"],
        placement_id=wish["placement"],
        variant_id=wish["variant"],
        flash_id=wish["flash"],
    )


def buy_alone(user_id: int, wish: Mapping[str, Any], language: str) -> Event:
    """What the order engine handed back: place the order and say how it went. Runs in a thread."""
    key = wish["key"]
    with translation.override(language):
        try:
            placed = place_order(
                buyer=User.objects.get(pk=user_id, is_active=True),
                address=wish["address"],
                lines=[_wanted(wish)],
                key=key,
                source="room",
                coupon_id=wish["coupon"],
                agreed_minor=wish["total"],
            )
        except DomainError as error:
            return refusal(error, key)
        except Exception:
            log.exception("purchase failed")
            return unavailable(key)
    answer = {
        "number": placed.number,
        "total_minor": placed.total_minor,
        "currency": placed.currency,
        "discount_minor": placed.discount_minor,
    }
    return accepted(key, answer, placed.payment_state, placed.payment)


def unavailable(key: str) -> Event:
    """Nobody knows how it went; the same key finds out."""
    detail = _("Something went wrong. Try again; you will not be charged twice.")
    return {"t": "error", "code": "unavailable", "detail": detail, "key": key}


def accepted(
    key: str, answer: Mapping[str, Any], state: str = "STARTED", action: NextAction = WAIT
) -> Event:
    """The order stands; `state` and `action` are its payment's, which may still be on its way."""
    currency = answer["currency"]
    saved = answer.get("discount_minor", 0)
    return {
        "t": "order.accepted",
        "key": key,
        "order": answer["number"],
        "total": wire.money(answer["total_minor"], currency),
        "saved": wire.money(saved, currency) if saved else None,
        "payment": {"state": state, "kind": action.kind, "url": action.url},
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
