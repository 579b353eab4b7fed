"""What the supplier answers, and how the house rules."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from core.actors import SYSTEM, Actor
from core.errors import Invalid
from orders.actions.after_sale.steps import approve, await_return, pay_back
from orders.actions.cases import move_case
from orders.actions.locks import lock_order
from orders.actions.words import words
from orders.models import AfterSaleCase
from supply.models import ReturnParcel


def approve_case(*, case: AfterSaleCase, actor: Actor, note: str = "") -> None:
    """The supplier (or the house) grants the claim. Raises IllegalMove, Forbidden. Locks the order."""
    with transaction.atomic():
        lock_order(case.line.order_id)
        case.refresh_from_db()
        approve(case, actor, words(note))


def reject_case(*, case: AfterSaleCase, actor: Actor, note: str) -> None:
    """The supplier refuses, with a reason that the buyer reads; the buyer has 48 hours to escalate.

    Raises Invalid without a reason, IllegalMove, Forbidden. Locks the order.
    """
    note = words(note)
    if not note:
        raise Invalid(_("Say why you refuse, so that the buyer can answer."), code="note_required")
    with transaction.atomic():
        lock_order(case.line.order_id)
        case.refresh_from_db()
        move_case(case, "REJECTED", actor=actor, why=note)


def rule_case(
    *, case: AfterSaleCase, actor: Actor, for_buyer: bool, note: str, fault: str = ""
) -> None:
    """The house rules on a dispute, and may name another party as the one at fault.

    For the buyer: money back if the goods are back, otherwise the return is awaited first. For the
    seller: closed. Raises Invalid without a note, IllegalMove, Forbidden. Locks the order.
    """
    note = words(note)
    if not note:
        raise Invalid(_("Give the grounds of the ruling."), code="note_required")
    if fault and fault not in AfterSaleCase.Fault.values:
        raise Invalid(_("Choose who is at fault."), code="fault")
    with transaction.atomic():
        lock_order(case.line.order_id)
        case.refresh_from_db()
        if case.state in {"DISPUTED", "ESCALATED"}:
            move_case(case, "ARBITRATING", actor=SYSTEM, why="the house rules")
        ruling = "RULED_BUYER" if for_buyer else "RULED_SELLER"
        move_case(case, ruling, actor=actor, why=note)
        if fault:
            AfterSaleCase.objects.filter(pk=case.pk).update(fault=fault)
            case.fault = fault
        if not for_buyer:
            move_case(case, "CLOSED", actor=SYSTEM, why="ruled for the seller")
        elif _goods_must_come_back(case):
            await_return(case)
        else:
            pay_back(case)


def _goods_must_come_back(case: AfterSaleCase) -> bool:
    if case.kind != AfterSaleCase.Kind.RETURN_AND_REFUND:
        return False
    return not ReturnParcel.objects.filter(case_ref=case.number).exists()
