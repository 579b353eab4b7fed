"""The parcel that goes back: sent by the buyer, received and inspected by the supplier."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core.actors import SYSTEM, acting
from core.errors import Invalid
from orders.actions.after_sale.steps import accept_return
from orders.actions.cases import move_case
from orders.actions.locks import lock_order
from orders.actions.words import words
from orders.models import AfterSaleCase
from supply.actions import return_dispatched

# On the way to inspection, in this order.
BEFORE_INSPECTION = ("AWAITING_RETURN", "RETURN_IN_TRANSIT", "RETURN_RECEIVED")


def dispatch_return(*, case: AfterSaleCase, buyer: Any, carrier: str, tracking_number: str) -> None:
    """The buyer sent the goods back. Raises Invalid, IllegalMove. Locks the order."""
    carrier, tracking_number = words(carrier, longest=40), words(tracking_number, longest=60)
    if not carrier or not tracking_number:
        raise Invalid(_("Enter the carrier and the tracking number."), code="tracking")
    with transaction.atomic():
        lock_order(case.line.order_id)
        case.refresh_from_db()
        move_case(
            case,
            "RETURN_IN_TRANSIT",
            actor=acting(buyer, "buyer"),
            why="sent back",
            evidence={"carrier": carrier, "tracking_number": tracking_number},
        )
        return_dispatched(case_ref=case.number, carrier=carrier, tracking_number=tracking_number)


def return_received(*, case_ref: str) -> None:
    """The supplier has the parcel; three days to inspect it. Harmless when it is known already."""
    with transaction.atomic():
        case = _locked(case_ref)
        if case is not None:
            to_inspection(case)


def return_inspected(*, case_ref: str, accepted: bool, note: str) -> None:
    """Accepted goods are paid back at once; refused ones go to arbitration.

    Comes too late for a case that ended meanwhile, and does nothing then.
    """
    with transaction.atomic():
        case = _locked(case_ref)
        if case is None:
            return
        to_inspection(case)
        if case.state != "INSPECTING":
            return
        if accepted:
            accept_return(case, why=note or "accepted on inspection")
        else:
            move_case(case, "DISPUTED", actor=SYSTEM, why=note or "refused on inspection")
            move_case(case, "ARBITRATING", actor=SYSTEM, why="the house rules")


def to_inspection(case: AfterSaleCase) -> None:
    """From any point of the way back to INSPECTING. Must run under the order's lock."""
    if case.state not in BEFORE_INSPECTION:
        return
    if case.state != "RETURN_RECEIVED":
        move_case(case, "RETURN_RECEIVED", actor=SYSTEM, why="received by the supplier")
    move_case(case, "INSPECTING", actor=SYSTEM, why="to be inspected")


def _locked(case_ref: str) -> AfterSaleCase | None:
    found = AfterSaleCase.objects.select_related("line").filter(number=case_ref).first()
    if found is None:
        return None
    lock_order(found.line.order_id)
    return AfterSaleCase.objects.select_related("line__order", "line__supplier").get(pk=found.pk)
