"""What the arrival of money does to an order, in time or late."""

from __future__ import annotations

from django.db import transaction

from core.actors import Actor
from core.events import publish
from orders import states
from orders.actions import books, refunds
from orders.events import OrderPaid
from orders.models import Order, OrderLine, PaymentIntent, Reservation
from promotion import actions as promotion
from supply.actions import release_stock, reserve_stock


class _NotEnough(Exception):
    """Ends the attempt to reserve again for a late payment."""


def money_arrived(*, order: Order, intent: PaymentIntent, actor: Actor) -> None:
    """Put the paid lines on hold, or send the money back when there is nothing left to pay for.

    Must run under the order's lock. A reservation that lapsed is made again if the stock is still
    there, with the coupon and the flash pieces that went with it; stock rows are touched last, in
    ascending offer id.
    """
    lines = list(order.lines.select_related("supplier", "order").order_by("offer_id", "id"))
    waiting = [item for item in lines if item.state == "PENDING_PAYMENT"]
    lapsed = [item for item in lines if item.state == "EXPIRED"]
    payable = waiting or lapsed
    if not payable or (lapsed and not _reserve_again(order, lapsed)):
        books.post_unapplied(order=order, intent=intent)
        refunds.request_refund(
            order=order,
            intent=intent,
            amount_minor=intent.amount_minor,
            reason="paid twice or too late",
        )
        return
    books.post_paid(order=order, intent=intent, lines=payable)
    for item in payable:
        states.LINE.move(item, "PAID_ON_HOLD", actor=actor, why="paid")
        _estimate_commission(item)
    Reservation.objects.filter(line__in=payable).update(state=Reservation.State.COMMITTED)
    publish(
        OrderPaid(
            order=order.number,
            buyer_id=order.buyer_id,
            total_minor=order.total_minor,
            currency=order.currency,
            lines=[item.announced() for item in payable],
        )
    )


def _reserve_again(order: Order, lines: list[OrderLine]) -> bool:
    """Coupon, flash pieces and stock of a lapsed order once more, or none of them."""
    try:
        with transaction.atomic():
            if order.coupon_claim_id is not None and not promotion.respend_coupon(
                claim_id=order.coupon_claim_id, order_ref=order.number
            ):
                raise _NotEnough
            for item in in_flash_order(lines):
                if not promotion.retake_flash(
                    flash_id=item.flash_id or 0,
                    buyer_id=order.buyer_id,
                    quantity=item.quantity,
                ):
                    raise _NotEnough
            for item in lines:
                if not reserve_stock(offer_id=item.offer_id, quantity=item.quantity):
                    raise _NotEnough
    except _NotEnough:
        return False
    return True


def _estimate_commission(item: OrderLine) -> None:
    amount = books.shares_of(item).commission
    if item.anchor_id and item.placement_id and amount:
        promotion.estimate(
            order_line_ref=item.pk,
            anchor_id=item.anchor_id,
            placement_id=item.placement_id,
            amount_minor=amount,
            rate_bps=item.commission_bps,
            currency=item.order.currency,
        )


def in_flash_order(lines: list[OrderLine]) -> list[OrderLine]:
    """The lines bought in flash sales, in the order in which sales are locked."""
    return sorted((item for item in lines if item.flash_id), key=lambda item: item.flash_id or 0)


def give_back_stock(lines: list[OrderLine]) -> None:
    """Release the reservations of `lines` that still hold stock; the last thing a caller does.

    The pieces of a flash sale go back with them, before the stock rows are touched.
    """
    open_ = (Reservation.State.HELD, Reservation.State.COMMITTED)
    rows = Reservation.objects.filter(line__in=lines, state__in=open_).order_by("offer_id", "id")
    held = list(rows.select_for_update(no_key=True))
    holding = {reservation.line_id for reservation in held}
    for item in in_flash_order(lines):
        if item.pk in holding:
            promotion.give_back_flash(
                flash_id=item.flash_id or 0,
                buyer_id=item.order.buyer_id,
                quantity=item.quantity,
            )
    for reservation in held:
        Reservation.objects.filter(pk=reservation.pk).update(state=Reservation.State.RELEASED)
        release_stock(offer_id=reservation.offer_id, quantity=reservation.quantity)
