"""Steps that several roads through a case share. All run under the order's lock."""

from __future__ import annotations

from core.actors import SYSTEM, Actor
from orders.actions import refunds
from orders.actions.cases import move_case
from orders.models import AfterSaleCase, Refund
from supply.actions import expect_return


def pay_back(case: AfterSaleCase) -> Refund:
    """Start the refund that the case ends in."""
    move_case(case, "REFUNDING", actor=SYSTEM, why="refund requested")
    return refunds.request_refund(
        order=case.line.order,
        item=case.line,
        case=case,
        quantity=case.quantity,
        amount_minor=case.amount_minor,
        reason=case.get_reason_display(),
    )


def await_return(case: AfterSaleCase) -> None:
    """Tell the supplier to expect the goods and the buyer to send them."""
    item = case.line
    move_case(case, "AWAITING_RETURN", actor=SYSTEM, why="waiting for the buyer's parcel")
    expect_return(
        case_ref=case.number,
        order_ref=item.order.number,
        offer_id=item.offer_id,
        supplier_id=item.supplier_id,
        title=f"{item.title} {item.option_label}".strip()[:200],
        quantity=case.quantity,
        reason=str(case.get_reason_display()),
    )


def approve(case: AfterSaleCase, actor: Actor, why: str) -> None:
    """Grant the claim: a return is awaited, anything else is paid back."""
    move_case(case, "APPROVED", actor=actor, why=why)
    if case.kind == AfterSaleCase.Kind.RETURN_AND_REFUND:
        await_return(case)
    else:
        pay_back(case)


def accept_return(case: AfterSaleCase, *, why: str) -> None:
    """The goods are as they should be: pay."""
    move_case(case, "ACCEPTED", actor=SYSTEM, why=why)
    pay_back(case)
