"""The rows of many orders of one line each, written set-wise."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from core import idempotency, setwise
from core.events import publish_payloads
from orders import states
from orders.checkout.answers import Ask
from orders.events import OrderPlaced
from orders.models import OrderLine
from promotion.actions import BoundTerms


@dataclass(frozen=True)
class Cost:
    """What so many pieces cost under given terms, worked out once for all who want the same.

    `line` is a model line that is never saved; `most_minor` the most a coupon may take off.
    """

    line: OrderLine
    terms: BoundTerms
    most_minor: int

    @cached_property
    def goods_minor(self) -> int:
        return self.line.goods_minor


@dataclass(slots=True)
class Filled:
    """A purchase that fits: what it costs, and the identities that its rows are given."""

    ask: Ask
    cost: Cost
    discount_minor: int = 0
    claim_id: int | None = None
    number: str = ""
    order_id: int = 0
    line_id: int = 0
    intent_id: int = 0

    @property
    def total_minor(self) -> int:
        return self.cost.goods_minor - self.discount_minor

    def answer(self) -> dict[str, Any]:
        return {
            "order_id": self.order_id,
            "number": self.number,
            "total_minor": self.total_minor,
            "discount_minor": self.discount_minor,
            "currency": self.cost.terms.currency,
            "intent_id": self.intent_id,
        }

    def announced(self) -> dict[str, Any]:
        """As OrderPlaced tells it."""
        line = self.cost.line
        return {
            "order": self.number,
            "buyer_id": self.ask.buyer_id,
            "lines": [
                {
                    "line": self.line_id,
                    "placement_id": line.placement_id,
                    "listing_variant_id": line.listing_variant_id,
                    "offer_id": line.offer_id,
                    "quantity": line.quantity,
                    "title": line.title,
                    "amount_minor": self.total_minor,
                    "flash_id": line.flash_id,
                }
            ],
        }


@dataclass(slots=True)
class Moments:
    """When the orders of a batch are placed, and until when their stock is held."""

    placed_at: datetime
    expires_at: datetime
    provider: str = field(default="")


def number_rows(filled: Sequence[Filled]) -> None:
    """Draw the identities of all rows, ascending in the order of arrival."""
    drawn = setwise.rows(
        "SELECT nextval('orders_order_id_seq'), nextval('orders_orderline_id_seq'),"
        " nextval('orders_paymentintent_id_seq') FROM generate_series(1, %s)",
        [len(filled)],
    )
    for one, ids in zip(filled, sorted(drawn), strict=True):
        one.order_id, one.line_id, one.intent_id = ids


def write(filled: Sequence[Filled], moments: Moments) -> None:
    """All rows of the orders but the hot ones: see docs/locking.md for what belongs together."""
    buyers = [one.ask.buyer_id for one in filled]
    names = [one.ask.buyer_name or "" for one in filled]
    lines = [one.line_id for one in filled]
    intents = [one.intent_id for one in filled]
    with setwise.together() as cursor:
        _orders(cursor, filled, moments)
        for cost in {id(one.cost): one.cost for one in filled}.values():
            _lines(cursor, cost, [one for one in filled if one.cost is cost])
        _reservations(cursor, filled, moments)
        _intents(cursor, filled, moments)
        who: dict[str, Any] = {"role": "buyer", "users": buyers, "labels": names}
        states.LINE.start_many(cursor, state="PENDING_PAYMENT", ids=lines, **who)
        states.PAYMENT.start_many(cursor, state="STARTED", ids=intents, **who)
        idempotency.keep_answers(
            cursor,
            owned=[one.ask.owned for one in filled],
            requests=[one.ask.request for one in filled],
            answers=[json.dumps(one.answer()) for one in filled],
        )
        publish_payloads(cursor, OrderPlaced, [json.dumps(one.announced()) for one in filled])


def _orders(cursor: Any, filled: Sequence[Filled], moments: Moments) -> None:
    cursor.execute(
        "INSERT INTO orders_order (id, number, buyer_id, currency, goods_minor, discount_minor,"
        " coupon_claim_id, shipping_minor, total_minor, ship_to, source, placed_at)"
        " SELECT id, number, buyer, currency, goods, discount, claim, 0, goods - discount,"
        " ship_to::jsonb, source, %s"
        " FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::bigint[],"
        " %s::bigint[], %s::bigint[], %s::text[], %s::text[])"
        " AS one (id, number, buyer, currency, goods, discount, claim, ship_to, source)",
        [
            moments.placed_at,
            [one.order_id for one in filled],
            [one.number for one in filled],
            [one.ask.buyer_id for one in filled],
            [one.cost.terms.currency for one in filled],
            [one.cost.goods_minor for one in filled],
            [one.discount_minor for one in filled],
            [one.claim_id for one in filled],
            [json.dumps(one.ask.ship_to) for one in filled],
            [one.ask.source for one in filled],
        ],
    )


_SAME_IN_ALL = (
    "listing_variant_id",
    "offer_id",
    "supplier_id",
    "placement_id",
    "anchor_id",
    "title",
    "option_label",
    "picture_key",
    "quantity",
    "unit_price_minor",
    "flash_id",
    "supply_price_minor",
    "commission_plan_id",
    "commission_bps",
    "platform_fee_bps",
    "remorse_minutes",
    "state",
    "on_air_at",
)
_LINES = (
    f"INSERT INTO orders_orderline (id, order_id, discount_minor, {', '.join(_SAME_IN_ALL)})"  # noqa: S608
    f" SELECT id, ref, discount, {', '.join(['%s'] * len(_SAME_IN_ALL))}"
    " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS one (id, ref, discount)"
)


def _lines(cursor: Any, cost: Cost, filled: Sequence[Filled]) -> None:
    cursor.execute(
        _LINES,
        [
            *(getattr(cost.line, name) for name in _SAME_IN_ALL),
            [one.line_id for one in filled],
            [one.order_id for one in filled],
            [one.discount_minor for one in filled],
        ],
    )


def _reservations(cursor: Any, filled: Sequence[Filled], moments: Moments) -> None:
    cursor.execute(
        "INSERT INTO orders_reservation (line_id, offer_id, quantity, state, expires_at)"
        " SELECT line, offer, quantity, 'held', %s"
        " FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS one (line, offer, quantity)",
        [
            moments.expires_at,
            [one.line_id for one in filled],
            [one.cost.line.offer_id for one in filled],
            [one.cost.line.quantity for one in filled],
        ],
    )


def _intents(cursor: Any, filled: Sequence[Filled], moments: Moments) -> None:
    cursor.execute(
        "INSERT INTO orders_paymentintent (id, order_id, key, provider, provider_ref, amount_minor,"
        " currency, state, failure, next_action, options, created_at)"
        " SELECT id, ref, gen_random_uuid(), %s, '', amount, currency, 'STARTED', '', '{}',"
        " options::jsonb, %s"
        " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[])"
        " AS one (id, ref, amount, currency, options)",
        [
            moments.provider,
            moments.placed_at,
            [one.intent_id for one in filled],
            [one.order_id for one in filled],
            [one.total_minor for one in filled],
            [one.cost.terms.currency for one in filled],
            [json.dumps(one.ask.options) for one in filled],
        ],
    )
