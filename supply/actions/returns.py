"""Parcels that come back from buyers."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core.actors import SYSTEM
from core.errors import Invalid, NotFound
from core.events import publish
from supply import states
from supply.actions.people import actor_of
from supply.actions.stock import restock as put_back
from supply.events import ReturnInspected, ReturnReceived
from supply.models import ReturnParcel


@transaction.atomic
def expect_return(
    *,
    case_ref: str,
    order_ref: str,
    offer_id: int,
    supplier_id: int,
    title: str,
    quantity: int,
    reason: str,
) -> ReturnParcel:
    """Tell the supplier that goods will come back. A second call for the case returns the first."""
    parcel, created = ReturnParcel.objects.get_or_create(
        case_ref=case_ref,
        defaults={
            "order_ref": order_ref,
            "offer_id": offer_id,
            "supplier_id": supplier_id,
            "title": title,
            "quantity": quantity,
            "reason": reason[:200],
        },
    )
    if created:
        states.RETURN_PARCEL.start(parcel, actor=SYSTEM)
    return parcel


@transaction.atomic
def return_dispatched(*, case_ref: str, carrier: str, tracking_number: str) -> ReturnParcel:
    """The buyer has sent it. Raises NotFound, IllegalMove, Invalid without carrier or number."""
    carrier, tracking_number = carrier.strip()[:40], tracking_number.strip()[:60]
    if not carrier or not tracking_number:
        raise Invalid(_("Enter the carrier and the tracking number."), code="bad_tracking_number")
    parcel = _locked(case_ref=case_ref)
    states.RETURN_PARCEL.move(
        parcel, "IN_TRANSIT", carrier=carrier, tracking_number=tracking_number
    )
    return parcel


@transaction.atomic
def cancel_return(*, case_ref: str) -> ReturnParcel:
    """It will not come after all. Raises NotFound, IllegalMove once the supplier has it."""
    parcel = _locked(case_ref=case_ref)
    states.RETURN_PARCEL.move(parcel, "CANCELLED")
    return parcel


@transaction.atomic
def receive_return(*, parcel: ReturnParcel, actor: Any) -> ReturnParcel:
    """It has arrived at the supplier. Publishes ReturnReceived. Raises IllegalMove."""
    parcel = _locked(pk=parcel.pk)
    states.RETURN_PARCEL.move(parcel, "RECEIVED", actor=actor_of(actor))
    publish(ReturnReceived(case_ref=parcel.case_ref))
    return parcel


@transaction.atomic
def inspect_return(
    *, parcel: ReturnParcel, accepted: bool, restock: bool, note: str, actor: Any
) -> ReturnParcel:
    """Judge what came back; publishes ReturnInspected. `restock` puts accepted goods on the shelf.

    Raises Invalid when a dispute has no note or asks for restocking, IllegalMove unless it was
    received and not yet judged. Locks the parcel, then the stock row.
    """
    note = note.strip()
    if not accepted and not note:
        raise Invalid(
            _("Say what is wrong with the goods; buyer and admin will read it."),
            code="note_missing",
        )
    if restock and not accepted:
        raise Invalid(_("Only accepted goods can go back on the shelf."), code="not_accepted")
    parcel = _locked(pk=parcel.pk)
    who = actor_of(actor)
    states.RETURN_PARCEL.move(
        parcel,
        "ACCEPTED" if accepted else "DISPUTED",
        actor=who,
        why=note,
        restocked=restock,
        inspection_note=note,
    )
    publish(
        ReturnInspected(case_ref=parcel.case_ref, accepted=accepted, restocked=restock, note=note)
    )
    if restock:
        put_back(
            offer_id=parcel.offer_id,
            quantity=parcel.quantity,
            actor=who,
            why=f"return {parcel.case_ref}",
        )
    return parcel


def _locked(**lookup: Any) -> ReturnParcel:
    parcel = ReturnParcel.objects.select_for_update().filter(**lookup).first()
    if parcel is None:
        raise NotFound(_("There is no such return parcel."))
    return parcel
