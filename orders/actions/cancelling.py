"""Ending an order before it is filled: by the buyer, or because nobody paid in time."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actors import SYSTEM, Actor
from core.errors import Conflict
from core.events import publish, publish_many
from orders import states
from orders.actions import payments, refunds
from orders.actions.locks import lock_order
from orders.actions.settling import give_back_stock
from orders.events import OrderExpired, OrderLineCancelled
from orders.models import Order, OrderLine, Reservation
from promotion import actions as promotion

FREE_TO_CANCEL = frozenset({"PENDING_PAYMENT", "PAID_ON_HOLD"})


def cancel_order(*, order: Order, actor: Actor, why: str = "") -> list[OrderLine]:
    """Cancel every line that may still be cancelled freely; returns them.

    Unpaid lines and lines in their remorse hold cancel at no cost; what was paid is refunded in
    full. Raises Conflict when no line can be cancelled any more: the way is a refund case then.
    Locks the order, then its coupon, flash sales, and the stock rows in ascending offer id.
    """
    with transaction.atomic():
        locked = lock_order(order.pk)
        lines = list(
            locked.lines.filter(state__in=FREE_TO_CANCEL).select_related("order", "supplier")
        )
        if not lines:
            raise Conflict(
                _("This order can no longer be cancelled. Ask for a refund instead."),
                code="too_late",
            )
        for item in lines:
            cancel_line(item, actor=actor, why=why or "cancelled")
        if not locked.payments.filter(state="SUCCEEDED").exists():
            promotion.return_coupon(order_ref=locked.number)
        if not locked.lines.filter(state="PENDING_PAYMENT").exists():
            payments.cancel_intents(order=locked, why="order cancelled")
        give_back_stock(lines)
    return lines


def cancel_line(item: OrderLine, *, actor: Actor, why: str) -> None:
    """Cancel one line and refund what was paid for it; the caller gives its stock back.

    Must run under the order's lock. Raises IllegalMove.
    """
    paid = item.state not in {"PENDING_PAYMENT", "EXPIRED"}
    states.LINE.move(item, "CANCELLED", actor=actor, why=why)
    if paid:
        refunds.request_refund(
            order=item.order,
            item=item,
            quantity=item.quantity,
            amount_minor=item.total_minor,
            reason=why,
        )
    publish(cancelled(item, paid=paid))


def cancelled(item: OrderLine, *, paid: bool) -> OrderLineCancelled:
    """The announcement that a line will not be filled."""
    return OrderLineCancelled(
        order=item.order.number,
        line=item.pk,
        buyer_id=item.order.buyer_id,
        placement_id=item.placement_id,
        offer_id=item.offer_id,
        quantity=item.quantity,
        paid=paid,
        flash_id=item.flash_id,
    )


def expire_unpaid(*, limit: int = 100, now: datetime | None = None) -> int:
    """Expire up to `limit` orders whose reservation has passed; returns how many.

    Safe in any number of processes: each order is claimed with SKIP LOCKED in a transaction of its
    own, and its stock is given back last. Money that comes later is dealt with by `settling`.
    """
    moment = now or clock.now()
    expired = 0
    for order_id in _overdue(moment, limit):
        expired += _expire(order_id, moment)
    return expired


def _overdue(moment: datetime, limit: int) -> list[int]:
    return list(
        Reservation.objects.filter(state=Reservation.State.HELD, expires_at__lte=moment)
        .order_by("line__order_id")
        .values_list("line__order_id", flat=True)
        .distinct()[:limit]
    )


def _expire(order_id: int, moment: datetime) -> bool:
    with transaction.atomic():
        order = (
            Order.objects.select_for_update(no_key=True, skip_locked=True)
            .filter(pk=order_id)
            .first()
        )
        if order is None:
            return False
        lines = list(
            order.lines.filter(state="PENDING_PAYMENT", reservation__expires_at__lte=moment)
            .select_related("order")
            .order_by("offer_id", "id")
        )
        if not lines:
            return False
        for item in lines:
            states.LINE.move(item, "EXPIRED", actor=SYSTEM, why="not paid in time")
        payments.cancel_intents(order=order, why="not paid in time")
        promotion.return_coupon(order_ref=order.number)
        publish_many(
            [
                OrderExpired(order=order.number, buyer_id=order.buyer_id),
                *(cancelled(item, paid=False) for item in lines),
            ]
        )
        give_back_stock(lines)
    return True
