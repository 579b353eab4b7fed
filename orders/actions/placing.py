"""From a wish to an order with stock behind it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.utils.translation import gettext as _

from accounts.models import Address
from core import clock, idempotency
from core.actors import acting
from core.errors import Conflict, Invalid, SoldOut
from core.events import publish
from core.ids import public_number
from core.money import format_money
from orders import metrics, states
from orders.actions.locks import limit_waiting
from orders.actions.payments import next_action_of, start_payment
from orders.actions.pricing import Priced, Wanted, checked, priced, remorse_minutes
from orders.actions.settling import in_flash_order
from orders.checkout import queue
from orders.checkout.answers import Accepted, Ask, Outcome, Refused, busy, request_of, too_late
from orders.checkout.batch import CONTENTION, LOCK_WAIT_MS
from orders.checkout.starting import Background
from orders.events import OrderPlaced
from orders.models import Order, OrderLine, PaymentIntent, Reservation
from orders.payments.contract import NextAction
from orders.payments.registry import default_code
from promotion.actions import FlashMissed, spend_coupon, take_flash
from supply.actions import reserve_stock
from supply.models import Stock


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
    discount_minor: int = 0


def place_order(
    *,
    buyer: Any,
    address: Address | int | None,
    lines: Sequence[Wanted],
    key: str,
    source: str,
    body: Any = None,
    payment_options: dict[str, Any] | None = None,
    coupon_id: int | None = None,
    agreed_minor: int | None = None,
) -> Placed:
    """Place one order, reserve its stock and start its payment.

    `coupon_id` names a coupon that the buyer has claimed; None takes the one that saves most, 0
    none. `agreed_minor` is the total that the buyer saw: the order never costs more. A flash price
    that nobody insisted on and that is gone in the last moment becomes the usual price.

    `address` is one of the buyer's own, or None for their default one. `key` is the
    Idempotency-Key: the same key with the same `body` (default: the wishes) replays the answer.
    Order, lines, reservations, payment intent, key and announcement commit together; pieces of
    flash sales and then the stock rows are touched last, in ascending id. The payment is started
    after the commit, under the intent's own key, so a crash in between is repaired by
    `repair_payments`.

    Raises SoldOut(left=…, and flash=… when only its pieces are gone), Invalid (code limit,
    address_required, currency), Conflict (code closed, coupon, price_changed), NotFound,
    KeyReused, InFlight, Busy.
    """
    wishes = checked(lines)
    place = _address(buyer, address)
    asked = address.pk if isinstance(address, Address) else address
    fingerprint = (
        idempotency.fingerprint(body)
        if body is not None
        else request_of(asked, wishes, coupon_id, agreed_minor)
    )
    request = _Request(buyer, place, wishes, source, payment_options or {}, coupon_id, agreed_minor)
    answer, replayed = _together(request, key, fingerprint) or _alone(request, key, fingerprint)
    if not replayed:
        metrics.PLACED.labels(source).inc()
    state, action = payment_of(answer["intent_id"])
    return Placed(
        order_id=answer["order_id"],
        number=answer["number"],
        total_minor=answer["total_minor"],
        currency=answer["currency"],
        payment_state=state,
        payment=action,
        replayed=replayed,
        discount_minor=answer.get("discount_minor", 0),
    )


def place_order_soon(
    *,
    buyer_id: int,
    wish: Wanted,
    key: str,
    source: str,
    address_id: int | None = None,
    coupon_id: int | None = None,
    agreed_minor: int | None = None,
) -> Future[Outcome]:
    """As `place_order` for one line, without a thread that waits for it: for sockets.

    The future is done after the commit, in another thread: Accepted, Refused, or HandedBack, which
    only `place_order` can decide. The payment is not started: that is `begin_payment` for an order
    that is not a replay. Raises Invalid for what no database has to be asked about.
    """
    checked([wish])
    idempotency.check_key(key)
    future = queue.submit(
        Ask(
            buyer_id=buyer_id,
            wish=wish,
            key=key,
            source=source,
            address_id=address_id,
            coupon_id=coupon_id,
            agreed_minor=agreed_minor,
        )
    )
    future.add_done_callback(partial(_count, source))
    return future


def _count(source: str, done: Future[Outcome]) -> None:
    if done.cancelled() or done.exception():
        return
    outcome = done.result()
    if isinstance(outcome, Accepted) and not outcome.replayed:
        metrics.PLACED.labels(source).inc()


def payment_of(intent_id: int) -> tuple[str, NextAction]:
    """The state of an order's payment and what the buyer has to do; started if it was not yet."""
    intent = PaymentIntent.objects.select_related("order").get(pk=intent_id)
    action = next_action_of(intent) if intent.provider_ref else start_payment(intent=intent)
    return intent.state, action


_payments = Background(payment_of, queue.crowded)


def begin_payment(intent_id: int) -> Future[tuple[str, NextAction]]:
    """As `payment_of`, in the background, after those who still wait for an answer."""
    return _payments.submit(intent_id)


def payments_begun(seconds: float) -> bool:
    """Whether every `begin_payment` of this process is through, or will be within `seconds`."""
    return _payments.wait(seconds)


def place_alone(
    *, buyer: Any, address: Address, lines: Sequence[Wanted], key: str, source: str
) -> dict[str, Any]:
    """As `place_order` in a transaction that it shares with nobody; the payment is not started.

    What the batched commit is compared with, in tests and benchmarks. Returns the kept answer.
    """
    request = _Request(buyer, address, checked(lines), source, {}, None, None)
    return _alone(request, key, request_of(address.pk, request.wishes, None, None))[0]


@dataclass(frozen=True, slots=True)
class _Request:
    """What a purchase asks for, checked."""

    buyer: Any
    address: Address
    wishes: list[Wanted]
    source: str
    options: dict[str, Any]
    coupon_id: int | None
    agreed_minor: int | None


def _together(request: _Request, key: str, fingerprint: str) -> tuple[dict[str, Any], bool] | None:
    """By the batched commit; None for what only the single way decides."""
    if len(request.wishes) != 1:
        return None
    idempotency.check_key(key)
    outcome = queue.place(
        Ask(
            buyer_id=request.buyer.pk,
            buyer_name=request.buyer.get_username(),
            wish=request.wishes[0],
            key=key,
            source=request.source,
            address_id=request.address.pk,
            ship_to=request.address.snapshot(),
            fingerprint=fingerprint,
            options=request.options,
            coupon_id=request.coupon_id,
            agreed_minor=request.agreed_minor,
        )
    )
    if isinstance(outcome, Refused):
        raise outcome.error()
    return (outcome.answer, outcome.replayed) if isinstance(outcome, Accepted) else None


def _alone(request: _Request, key: str, fingerprint: str) -> tuple[dict[str, Any], bool]:
    try:
        try:
            return _commit(request, key, fingerprint, try_flash=True)
        except FlashMissed:
            return _commit(request, key, fingerprint, try_flash=False)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") in CONTENTION:
            raise busy() from error
        raise


def _commit(
    request: _Request, key: str, fingerprint: str, *, try_flash: bool
) -> tuple[dict[str, Any], bool]:
    baskets: list[Priced] = []

    def work() -> dict[str, Any]:
        baskets.append(
            priced(
                buyer=request.buyer,
                wishes=request.wishes,
                coupon_id=request.coupon_id,
                try_flash=try_flash,
            )
        )
        return _write(request, baskets[0])

    return idempotency.once(
        actor=f"user:{request.buyer.pk}",
        key=key,
        request=fingerprint,
        work=work,
        last=lambda: _take(request, baskets[0]),
    )


def _address(buyer: Any, address: Address | int | None) -> Address:
    mine = Address.objects.for_actor(buyer)
    if address is None:
        chosen = mine.first()
        if chosen is None:
            raise Invalid(_("Add a delivery address first."), code="address_required")
        return chosen
    return Address.objects.fetch(buyer, pk=address.pk if isinstance(address, Address) else address)


def _write(request: _Request, basket: Priced) -> dict[str, Any]:
    limit_waiting(LOCK_WAIT_MS)
    buyer = request.buyer
    total = basket.total_minor
    if request.agreed_minor is not None and total > request.agreed_minor:
        raise Conflict(
            _("The price has changed: it is %s now.") % format_money(total, basket.currency),
            code="price_changed",
            total_minor=total,
            currency=basket.currency,
        )
    number = public_number()
    claim_id = basket.discount.claim_id if basket.discount else None
    if claim_id is not None and not spend_coupon(claim_id=claim_id, order_ref=number):
        raise Conflict(
            _("Your coupon has just been spent or run out. Look at the new price."), code="coupon"
        )
    order = Order.objects.create(
        number=number,
        buyer=buyer,
        currency=basket.currency,
        goods_minor=basket.goods_minor,
        discount_minor=basket.goods_minor - total,
        coupon_claim_id=claim_id,
        total_minor=total,
        ship_to=request.address.snapshot(),
        source=request.source,
        placed_at=clock.now(),
    )
    _write_lines(order, basket)
    intent = PaymentIntent.objects.create(
        order=order,
        provider=default_code(),
        amount_minor=total,
        currency=order.currency,
        options=request.options,
        created_at=clock.now(),
    )
    states.PAYMENT.start(intent, actor=acting(buyer, "buyer"))
    publish(
        OrderPlaced(
            order=order.number,
            buyer_id=buyer.pk,
            lines=[one.announced() for one in basket.lines],
        )
    )
    return {
        "order_id": order.pk,
        "number": order.number,
        "total_minor": total,
        "discount_minor": order.discount_minor,
        "currency": order.currency,
        "intent_id": intent.pk,
    }


def _write_lines(order: Order, basket: Priced) -> None:
    lines = basket.lines
    # The parcels of one order leave together, so its longest hold holds all of it.
    hold = max(remorse_minutes(terms) for terms in basket.terms)
    for item in lines:
        item.order = order
        item.remorse_minutes = hold
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


def _take(request: _Request, basket: Priced) -> None:
    """Take the pieces of flash sales, then promise the stock; or raise, and nothing is kept.

    Raises SoldOut, Invalid (limit), Conflict (price_changed), FlashMissed.
    """
    insisted = {wish.flash_id for wish in request.wishes}
    usual = {terms.flash_id: terms.usual_price_minor for terms in basket.terms}
    for item in in_flash_order(basket.lines):
        take_flash(
            flash_id=item.flash_id or 0,
            buyer_id=request.buyer.pk,
            quantity=item.quantity,
            insisted=item.flash_id in insisted,
            usual_minor=usual[item.flash_id],
            currency=basket.currency,
        )
    for item in sorted(basket.lines, key=lambda one: one.offer_id):
        if not reserve_stock(offer_id=item.offer_id, quantity=item.quantity):
            raise sold_out(item)


def sold_out(item: OrderLine) -> SoldOut:
    """What to tell a buyer who came too late."""
    stock = Stock.objects.filter(offer_id=item.offer_id).first()
    left = stock.available if stock else 0
    return too_late(item.title, left, item.offer_id)
