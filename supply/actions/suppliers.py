"""Suppliers: how one begins, and how it is moved along the table of `supply.states`."""

from __future__ import annotations

import secrets
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from core.actors import acting
from core.errors import Conflict, Invalid
from core.events import publish
from supply import states
from supply.actions.people import actor_of
from supply.events import SupplierMoved
from supply.models import Supplier

MAX_PENDING = 3


@transaction.atomic
def apply_as_supplier(
    *,
    user: Any,
    name: str,
    contact_email: str = "",
    return_address: dict[str, str] | None = None,
    code: str = "",
) -> Supplier:
    """A new supplier in DRAFT with `user` as its first member.

    Raises Invalid for a missing name or a wrong e-mail address, Conflict when the person has too
    many applications that nobody has looked at.
    """
    name = name.strip()
    if not name or len(name) > 120:
        raise Invalid(_("Enter the company's name, at most 120 characters."), code="bad_name")
    if contact_email:
        try:
            validate_email(contact_email)
        except ValidationError as error:
            raise Invalid(_("Enter an e-mail address."), code="bad_email") from error
    if Supplier.objects.of_member(user).filter(state="DRAFT").count() >= MAX_PENDING:
        raise Conflict(
            _("You have several applications already; wait until they are looked at."),
            code="too_many_applications",
        )
    supplier = Supplier.objects.create(
        code=code or f"{slugify(name)[:28] or 'supplier'}-{secrets.token_hex(3)}",
        name=name,
        contact_email=contact_email,
        return_address=return_address or {},
    )
    supplier.members.add(user)
    states.SUPPLIER.start(supplier, actor=acting(user, "supplier"))
    return supplier


@transaction.atomic
def move_supplier(*, supplier: Supplier, to: str, actor: Any, why: str = "") -> Supplier:
    """One step along `supply.states.SUPPLIER`; publishes SupplierMoved when it may sell now, or no more.

    Raises IllegalMove, Forbidden. Admission's evidence (papers, samples, deposit) will guard these
    moves in the table itself, so callers stay as they are.
    """
    before = supplier.may_sell
    states.SUPPLIER.move(supplier, to, actor=actor_of(actor), why=why)
    if supplier.may_sell != before:
        publish(SupplierMoved(supplier_id=supplier.pk, state=to, selling=supplier.may_sell))
    return supplier


def admit(*, supplier: Supplier, actor: Any, why: str = "") -> Supplier:
    """Walk every step from where `supplier` stands to ACTIVE, each with its history row.

    For an admin who has seen all evidence at once. Raises IllegalMove when no way leads there.
    """
    while supplier.state != "ACTIVE":
        step = ADMISSION.get(supplier.state)
        if step is None:
            raise Conflict(
                _("%(name)s is %(state)s; it cannot be admitted from there.")
                % {"name": supplier.name, "state": supplier.get_state_display()},
                code="illegal_move",
            )
        move_supplier(supplier=supplier, to=step, actor=actor, why=why)
    return supplier


# The straight way through admission.
ADMISSION = {
    "DRAFT": "SUBMITTED",
    "SUBMITTED": "DOCS_REVIEW",
    "RETURNED_FOR_FIX": "DOCS_REVIEW",
    "DOCS_REVIEW": "SAMPLE_REVIEW",
    "SAMPLE_REVIEW": "DEPOSIT_DUE",
    "DEPOSIT_DUE": "PROBATION",
    "PROBATION": "ACTIVE",
    "WATCH": "ACTIVE",
    "SUSPENDED": "ACTIVE",
}
