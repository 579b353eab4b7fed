"""What the buyer does in an after-sale case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actors import SYSTEM, Actor, acting
from core.errors import Conflict, Invalid
from core.events import publish
from core.ids import public_number
from orders import states
from orders.actions.after_sale.steps import pay_back
from orders.actions.cancelling import cancelled
from orders.actions.cases import announce, move_case
from orders.actions.locks import lock_order
from orders.actions.settling import give_back_stock
from orders.actions.words import words
from orders.models import AfterSaleCase, CaseNote, OrderLine
from supply.actions import cancel_purchase_lines, cancel_return

# How long after it was accepted a parcel can still be sent back.
CLAIM_PERIOD = timedelta(days=15)

Kind, Reason, Fault = AfterSaleCase.Kind, AfterSaleCase.Reason, AfterSaleCase.Fault
# Who is presumed at fault until somebody rules otherwise.
FAULT_OF = {
    Reason.CHANGED_MIND: Fault.BUYER,
    Reason.WRONG_SIZE: Fault.BUYER,
    Reason.NOT_AS_SHOWN: Fault.ANCHOR,
    Reason.DAMAGED: Fault.CARRIER,
    Reason.WRONG_ITEM: Fault.SUPPLIER,
    Reason.LATE: Fault.SUPPLIER,
}


def open_case(
    *,
    line: OrderLine,
    buyer: Any,
    kind: str,
    reason: str,
    description: str = "",
    quantity: int | None = None,
) -> AfterSaleCase:
    """Claim money back for `quantity` of a line (default: all that is left).

    A refund before shipping is granted at once when the supplier's purchase order can still be
    changed; a return and refund waits for the supplier, 48 hours at most, and stops the line's
    confirmation clock. Raises Invalid (unknown kind or reason, quantity), Conflict when the line
    is in the wrong state, past its period, or has an open case. Locks the order, then the purchase
    order, then stock.
    """
    _check_choices(kind, reason)
    description = words(description)
    actor = acting(buyer, "buyer")
    with transaction.atomic():
        lock_order(line.order_id)
        item = OrderLine.objects.select_related("order", "supplier").get(pk=line.pk)
        if item.open_case:
            raise Conflict(_("There is an open case for this item already."), code="case_open")
        left = item.left_quantity
        count = left if quantity is None else quantity
        if not 1 <= count <= left:
            raise Invalid(_("Choose a quantity from 1 to %d.") % left, code="quantity")
        _check_state(item, kind, count)
        case = AfterSaleCase.objects.create(
            number=public_number(),
            line=item,
            kind=kind,
            reason=reason,
            description=description,
            quantity=count,
            amount_minor=item.paid_for(count),
            fault=FAULT_OF[Reason(reason)],
            opened_at=clock.now(),
        )
        states.CASE.start(case, actor=actor, why=description)
        announce(case)
        if kind == Kind.REFUND_BEFORE_SHIPPING:
            _refund_before_shipping(case, actor)
        else:
            states.LINE.pause(item)
    return case


def withdraw_case(*, case: AfterSaleCase, buyer: Any) -> None:
    """The buyer takes the claim back; the line's clock runs on. Raises IllegalMove. Locks the order."""
    with transaction.atomic():
        lock_order(case.line.order_id)
        case.refresh_from_db()
        expected = case.state == "AWAITING_RETURN"
        move_case(case, "WITHDRAWN", actor=acting(buyer, "buyer"), why="withdrawn by the buyer")
        if expected:
            cancel_return(case_ref=case.number)


def escalate_case(*, case: AfterSaleCase, buyer: Any, why: str) -> None:
    """The buyer asks the house to rule on a rejection. Raises IllegalMove. Locks the order."""
    why = words(why)
    with transaction.atomic():
        lock_order(case.line.order_id)
        case.refresh_from_db()
        move_case(case, "ESCALATED", actor=acting(buyer, "buyer"), why=why)
        move_case(case, "ARBITRATING", actor=SYSTEM, why="the house rules")
        if why:
            add_note(case=case, author=buyer, role="buyer", text=why)


def add_note(*, case: AfterSaleCase, author: Any, role: str, text: str) -> CaseNote:
    """Write to the other side. Raises Invalid for an empty or over-long text, Conflict when closed."""
    said = words(text)
    if not said:
        raise Invalid(_("Write something first."), code="text")
    if case.state in states.CASE_FINAL:
        raise Conflict(_("This case is closed."))
    return CaseNote.objects.create(case=case, author=author, role=role, text=said, at=clock.now())


def _check_choices(kind: str, reason: str) -> None:
    if kind not in Kind.values:
        raise Invalid(_("Choose what you want."), code="kind")
    if reason not in Reason.values:
        raise Invalid(_("Choose a reason."), code="reason")


def _check_state(item: OrderLine, kind: str, count: int) -> None:
    if kind == Kind.REFUND_BEFORE_SHIPPING:
        if item.state == "PAID_ON_HOLD":
            raise Conflict(_("Cancel the order: that is free until it is released."))
        if item.state not in states.UNSHIPPED:
            raise Conflict(
                _("It is on its way already. Ask for a return when it has arrived."),
                code="shipped",
            )
        if count != item.quantity:
            raise Invalid(_("Before shipping, the whole item is refunded."), code="quantity")
    elif item.state not in states.RETURNABLE:
        raise Conflict(_("It can be sent back once it has arrived."), code="not_delivered")
    elif item.state == "COMPLETED" and _completed_long_ago(item):
        raise Conflict(
            _("The time to send it back ended %d days after you accepted it.") % CLAIM_PERIOD.days,
            code="too_late",
        )


def _completed_long_ago(item: OrderLine) -> bool:
    done = states.LINE.history(item).filter(to_state="COMPLETED").last()
    return done is not None and done.at + CLAIM_PERIOD < clock.now()


def _refund_before_shipping(case: AfterSaleCase, actor: Actor) -> None:
    item = case.line
    if item.pk not in cancel_purchase_lines(order_line_refs=[item.pk], why=case.reason):
        raise Conflict(
            _("It is on its way already. Ask for a return when it has arrived."), code="shipped"
        )
    states.LINE.move(item, "CANCELLED", actor=SYSTEM, why="refunded before shipping")
    publish(cancelled(item, paid=True))
    move_case(case, "AUTO_APPROVED", actor=SYSTEM, why="not shipped yet")
    pay_back(case)
    give_back_stock([item])
