"""From a wish to an order with stock behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Address
from core import clock, idempotency
from core.actors import acting
from core.errors import Busy, Conflict, Invalid, SoldOut
from core.events import publish
from core.ids import public_number
from orders import metrics, states
from orders.actions.books import shares_of
from orders.actions.locks import limit_waiting
from orders.actions.payments import next_action_of, start_payment
from orders.events import OrderPlaced
from orders.models import Order, OrderLine, PaymentIntent, Reservation
from orders.payments.contract import NextAction
from orders.payments.registry import default_code
from promotion.actions import BoundTerms, direct_terms, terms_of
from supply.actions import reserve_stock
from supply.models import Stock

MOST_LINES = 20
MOST_OF_A_LINE = 99
LOCK_WAIT_MS = 3000
# PostgreSQL: lock_not_available, deadlock_detected.
CONTENTION = frozenset({"55P03", "40P01"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """One wish: a variant of a placement in a room, or a listing's variant off air."""

    quantity: int = 1
    placement_id: int | None = None
    variant_id: int | None = None
    listing_variant_id: int | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """The answer to a purchase. `replayed`: the same key had been answered before."""

    order_id: int
    number: str
    total_minor: int
    currency: str
    payment_state: str
    payment: NextAction
    replayed: bool = False


def place_order(
    *,
    buyer: Any,
    address: Address | int | None,
    lines: Sequence[Wanted],
    key: str,
    source: str,
    body: Any = None,
    payment_options: dict[str, Any] | None = None,
) -> Placed:
    """Place one order, reserve its stock and start its payment.

    `address` is one of the buyer's own, or None for their default one. `key` is the
    Idempotency-Key: the same key with the same `body` (default: the wishes) replays the answer.
    Order, lines, reservations, payment intent, key and announcement commit together; the stock
    rows are touched last, in ascending offer id. The payment is started after the commit, under
    the intent's own key, so a crash in between is repaired by `repair_payments`.

    Raises SoldOut(left=…), Invalid (code limit, address_required, currency), Conflict
    (code closed), NotFound, KeyReused, InFlight, Busy.
    """
    wishes = _checked(lines)
    place = _address(buyer, address)
    fingerprint = idempotency.fingerprint(
        body if body is not None else [place.pk, [asdict(wish) for wish in wishes]]
    )
    stock: list[OrderLine] = []
    try:
        answer, replayed = idempotency.once(
            actor=f"user:{buyer.pk}",
            key=key,
            request=fingerprint,
            work=lambda: _write(buyer, place, wishes, source, payment_options or {}, stock),
            last=lambda: _reserve(stock),
        )
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") in CONTENTION:
            raise Busy(_("Many people are buying this. Try again."), retry_after=1) from error
        raise
    if not replayed:
        metrics.PLACED.labels(source).inc()
    intent = PaymentIntent.objects.select_related("order").get(pk=answer["intent_id"])
    action = next_action_of(intent) if intent.provider_ref else start_payment(intent=intent)
    return Placed(
        order_id=answer["order_id"],
        number=answer["number"],
        total_minor=answer["total_minor"],
        currency=answer["currency"],
        payment_state=intent.state,
        payment=action,
        replayed=replayed,
    )


def _checked(lines: Sequence[Wanted]) -> list[Wanted]:
    if not lines:
        raise Invalid(_("Choose something to buy."), code="empty")
    if len(lines) > MOST_LINES:
        raise Invalid(
            ngettext(
                "At most %d item fits in one order.",
                "At most %d items fit in one order.",
                MOST_LINES,
            )
            % MOST_LINES,
            code="limit",
        )
    for wish in lines:
        if not 1 <= wish.quantity <= MOST_OF_A_LINE:
            raise Invalid(_("Choose a quantity from 1 to %d.") % MOST_OF_A_LINE, code="limit")
        if wish.listing_variant_id is None and (
            wish.placement_id is None or wish.variant_id is None
        ):
            raise Invalid(_("Choose a variant."), code="variant_required")
    return list(lines)


def _address(buyer: Any, address: Address | int | None) -> Address:
    mine = Address.objects.for_actor(buyer)
    if address is None:
        chosen = mine.first()
        if chosen is None:
            raise Invalid(_("Add a delivery address first."), code="address_required")
        return chosen
    return Address.objects.fetch(buyer, pk=address.pk if isinstance(address, Address) else address)


def _terms(wish: Wanted) -> BoundTerms:
    if wish.placement_id is not None and wish.variant_id is not None:
        return terms_of(
            placement_id=wish.placement_id, variant_id=wish.variant_id, quantity=wish.quantity
        )
    return direct_terms(listing_variant_id=wish.listing_variant_id or 0, quantity=wish.quantity)


def _write(
    buyer: Any,
    address: Address,
    wishes: list[Wanted],
    source: str,
    options: dict[str, Any],
    stock: list[OrderLine],
) -> dict[str, Any]:
    limit_waiting(LOCK_WAIT_MS)
    bound = [(wish, _terms(wish)) for wish in wishes]
    currency = _one_currency([terms for _wish, terms in bound])
    total = sum(terms.unit_price_minor * wish.quantity for wish, terms in bound)
    order = Order.objects.create(
        number=public_number(),
        buyer=buyer,
        currency=currency,
        goods_minor=total,
        total_minor=total,
        ship_to=address.snapshot(),
        source=source,
        placed_at=clock.now(),
    )
    lines = _write_lines(order, bound)
    intent = PaymentIntent.objects.create(
        order=order,
        provider=default_code(),
        amount_minor=total,
        currency=currency,
        options=options,
        created_at=clock.now(),
    )
    states.PAYMENT.start(intent, actor=acting(buyer, "buyer"))
    publish(
        OrderPlaced(order=order.number, buyer_id=buyer.pk, lines=[one.announced() for one in lines])
    )
    stock.extend(lines)
    return {
        "order_id": order.pk,
        "number": order.number,
        "total_minor": total,
        "currency": currency,
        "intent_id": intent.pk,
    }


def _one_currency(bound: list[BoundTerms]) -> str:
    currencies = {terms.currency for terms in bound}
    if len(currencies) > 1:
        raise Invalid(_("Buy goods of different currencies separately."), code="currency")
    return currencies.pop()


def _write_lines(order: Order, bound: list[tuple[Wanted, BoundTerms]]) -> list[OrderLine]:
    hold = max(_remorse_minutes(terms) for _wish, terms in bound)
    lines = []
    for wish, terms in bound:
        item = OrderLine(
            order=order,
            listing_variant=terms.listing_variant,
            offer_id=terms.offer_id,
            supplier_id=terms.supplier_id,
            placement=terms.placement,
            anchor_id=terms.anchor_id,
            title=terms.title,
            option_label=terms.option_label,
            picture_key=terms.picture_key,
            quantity=wish.quantity,
            unit_price_minor=terms.unit_price_minor,
            supply_price_minor=terms.supply_price_minor,
            commission_plan_id=terms.commission_plan_id,
            commission_bps=terms.commission_bps,
            platform_fee_bps=settings.PLATFORM_FEE_BPS,
            # The parcels of one order leave together, so its longest hold holds all of it.
            remorse_minutes=hold,
            on_air_at=clock.now() if terms.placement else None,
        )
        if shares_of(item).platform < 0:
            raise Conflict(
                _("%s cannot be sold at its present price.") % terms.title, code="closed"
            )
        lines.append(item)
    OrderLine.objects.bulk_create(lines)
    for item in lines:
        states.LINE.start(item, actor=acting(order.buyer, "buyer"))
    Reservation.objects.bulk_create(
        Reservation(
            line=item,
            offer_id=item.offer_id,
            quantity=item.quantity,
            expires_at=clock.now() + settings.RESERVATION_PERIOD,
        )
        for item in lines
    )
    return lines


def _remorse_minutes(terms: BoundTerms) -> int:
    if terms.remorse_minutes is not None:
        return terms.remorse_minutes
    period: timedelta = settings.REMORSE_PERIOD
    return int(period.total_seconds() // 60)


def _reserve(lines: list[OrderLine]) -> None:
    """Promise the stock of `lines`, or raise SoldOut; nothing of the order is kept then."""
    for item in sorted(lines, key=lambda one: one.offer_id):
        if not reserve_stock(offer_id=item.offer_id, quantity=item.quantity):
            raise sold_out(item)


def sold_out(item: OrderLine) -> SoldOut:
    """What to tell a buyer who came too late."""
    stock = Stock.objects.filter(offer_id=item.offer_id).first()
    left = stock.available if stock else 0
    detail = (
        ngettext(
            "Only %(left)d of %(title)s is left.", "Only %(left)d of %(title)s are left.", left
        )
        % {"left": left, "title": item.title}
        if left
        else _("%s is sold out.") % item.title
    )
    return SoldOut(detail, left=left, offer=item.offer_id)
