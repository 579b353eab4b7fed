"""Money on its way back: asked for with the fact that causes it, sent after the commit, booked last."""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from core import clock
from core.actors import SYSTEM, Actor
from core.errors import Conflict
from core.events import publish
from core.money import Money
from orders import states
from orders.actions import books
from orders.actions.cases import move_case
from orders.actions.locks import lock_order
from orders.events import RefundSucceeded
from orders.models import AfterSaleCase, Order, OrderLine, PaymentIntent, Refund
from orders.payments.contract import Declined, Misconfigured, Retryable
from orders.payments.registry import provider
from promotion import actions as promotion

log = logging.getLogger(__name__)


def request_refund(
    *,
    order: Order,
    amount_minor: int,
    reason: str,
    intent: PaymentIntent | None = None,
    item: OrderLine | None = None,
    quantity: int = 0,
    case: AfterSaleCase | None = None,
) -> Refund:
    """Write the wish to send `amount_minor` back; it is submitted when the transaction commits.

    Must run under the order's lock. `intent` defaults to the payment that settled the order.
    Raises Conflict when more would go back than was paid for the line.
    """
    paid_by = intent or _settling_payment(order)
    if paid_by is None:
        raise Conflict(_("Nothing was paid for this order."))
    if item is not None and asked_minor(item) + amount_minor > item.total_minor:
        raise Conflict(_("More than was paid for this item cannot be refunded."))
    refund = Refund.objects.create(
        order=order,
        intent=paid_by,
        line=item,
        case=case,
        quantity=quantity,
        amount_minor=amount_minor,
        currency=order.currency,
        reason=reason[:120],
        created_at=clock.now(),
    )
    states.REFUND.start(refund, actor=SYSTEM, why=reason)
    transaction.on_commit(lambda: submit_refund(refund_id=refund.pk), robust=True)
    return refund


def _settling_payment(order: Order) -> PaymentIntent | None:
    """The payment whose money the order kept; another one was sent back whole."""
    sent_back = order.refunds.filter(line=None).values("intent")
    return order.payments.filter(state="SUCCEEDED").exclude(pk__in=sent_back).first()


def asked_minor(item: OrderLine) -> int:
    """What has gone back for this line or is on its way."""
    return item.refunds.aggregate(total=Sum("amount_minor"))["total"] or 0


def submit_refund(*, refund_id: int) -> None:
    """Hand one requested refund to its provider, under its own key; safe to repeat.

    Call it outside a transaction. What nobody knows yet stays REQUESTED for `repair_payments`.
    """
    refund = Refund.objects.select_related("intent", "case").get(pk=refund_id)
    if refund.state != "REQUESTED":
        return
    try:
        ref = provider(refund.intent.provider).refund(
            refund.intent.provider_ref,
            Money(refund.amount_minor, refund.currency),
            key=str(refund.key),
        )
    except Declined as error:
        with transaction.atomic():
            lock_order(refund.order_id)
            refund.refresh_from_db()
            refund_failed(refund=refund, actor=SYSTEM, reason=str(error))
        return
    except (Retryable, Misconfigured):
        log.warning("refund not submitted yet", extra={"refund": refund.pk}, exc_info=True)
        return
    with transaction.atomic():
        row = Refund.objects.select_for_update(no_key=True).get(pk=refund.pk)
        # A webhook may have been quicker than this answer.
        if row.state == "REQUESTED":
            states.REFUND.move(row, "SUBMITTED", actor=SYSTEM, provider_ref=ref)


def retry_refund(*, refund: Refund, actor: Actor) -> None:
    """Ask the provider again for a refund that failed, with the same key. Raises IllegalMove."""
    with transaction.atomic():
        lock_order(refund.order_id)
        states.REFUND.move(refund, "REQUESTED", actor=actor, why="tried again")
        if refund.case and refund.case.state == "REFUND_FAILED":
            move_case(refund.case, "REFUNDING", actor=SYSTEM, why="tried again")
        transaction.on_commit(lambda: submit_refund(refund_id=refund.pk), robust=True)


def refund_succeeded(*, order: Order, refund: Refund, actor: Actor) -> None:
    """Book the refund, take the commission back and close what caused it.

    Must run under the order's lock. Does nothing to a refund that succeeded before.
    """
    if refund.state == "SUCCEEDED":
        return
    item = refund.line
    commission = books.post_refunded(order=order, refund=refund)
    states.REFUND.move(refund, "SUCCEEDED", actor=actor, failure="")
    if item is not None:
        if commission:
            promotion.reverse(order_line_ref=item.pk, amount_minor=commission)
        if item.state in states.RETURNABLE and books.refunded_minor(item) == item.total_minor:
            states.LINE.move(item, "RETURNED", actor=SYSTEM, why="refunded in full")
    if refund.case is not None:
        if refund.case.state == "REFUND_FAILED":
            move_case(refund.case, "REFUNDING", actor=SYSTEM, why="the provider paid after all")
        move_case(refund.case, "REFUNDED", actor=actor, why="money sent back")
    publish(
        RefundSucceeded(
            order=order.number,
            line=item.pk if item else None,
            buyer_id=order.buyer_id,
            placement_id=item.placement_id if item else None,
            quantity=refund.quantity,
            amount_minor=refund.amount_minor,
            currency=refund.currency,
        )
    )


def refund_failed(*, refund: Refund, actor: Actor, reason: str) -> None:
    """Keep the failure; it is tried again by itself after growing pauses, or by hand."""
    if refund.state not in {"REQUESTED", "SUBMITTED"}:
        return
    refund.attempts += 1
    states.REFUND.move(
        refund,
        "FAILED",
        actor=actor,
        why=reason,
        failure=reason[:200],
        attempts=refund.attempts,
    )
    if refund.case and refund.case.state == "REFUNDING":
        move_case(refund.case, "REFUND_FAILED", actor=actor, why=reason)
