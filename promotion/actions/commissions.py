"""What anchors earn: estimated when paid, taken back with refunds, confirmed when the goods are kept."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from core.actors import SYSTEM, Actor
from core.errors import Conflict, Invalid
from promotion import states
from promotion.models import Commission


@transaction.atomic
def estimate(
    *,
    order_line_ref: int,
    anchor_id: int,
    placement_id: int,
    amount_minor: int,
    rate_bps: int,
    currency: str,
) -> Commission:
    """The commission of a paid line, in minor units; a second call for the line returns the first.

    Raises Invalid for an amount below zero.
    """
    if amount_minor < 0:
        raise Invalid(_("A commission cannot be below zero."), code="bad_amount")
    commission, created = Commission.objects.get_or_create(
        order_line_ref=order_line_ref,
        defaults={
            "anchor_id": anchor_id,
            "placement_id": placement_id,
            "amount_minor": amount_minor,
            "rate_bps": rate_bps,
            "currency": currency,
        },
    )
    if created:
        states.COMMISSION.start(commission, actor=SYSTEM)
    return commission


@transaction.atomic
def reverse(*, order_line_ref: int, amount_minor: int) -> Commission | None:
    """Take `amount_minor` back with a refund; VOIDED when nothing is left. None without commission.

    Raises Conflict when more is taken back than is left, or the commission is paid out already.
    Locks the commission. Not idempotent: call it once a refund.
    """
    commission = _locked(order_line_ref)
    if commission is None or amount_minor == 0:
        return commission
    if amount_minor < 0 or amount_minor > commission.left_minor:
        raise Conflict(
            _("Only %d of this commission is left to take back.") % commission.left_minor,
            code="reversal_too_large",
        )
    if commission.state == "PAID":
        raise Conflict(_("This commission is paid out; claw it back instead."), code="paid_out")
    commission.reversed_minor += amount_minor
    commission.save(update_fields=["reversed_minor"])
    if commission.left_minor == 0:
        states.COMMISSION.move(commission, "VOIDED", why="refunded")
    return commission


@transaction.atomic
def confirm(*, order_line_ref: int) -> Commission | None:
    """The goods are kept: ESTIMATED becomes CONFIRMED. Nothing happens in any other state.

    Returns None without commission. Locks the commission.
    """
    commission = _locked(order_line_ref)
    if commission is not None and commission.state == "ESTIMATED":
        states.COMMISSION.move(commission, "CONFIRMED", why="kept")
    return commission


@transaction.atomic
def hold(*, commission: Commission, actor: Actor = SYSTEM, why: str) -> Commission:
    """Stop a commission from being confirmed. Raises IllegalMove."""
    states.COMMISSION.move(commission, "HELD", actor=actor, why=why)
    return commission


@transaction.atomic
def unhold(*, commission: Commission, actor: Actor = SYSTEM, why: str) -> Commission:
    """Let a held commission go on. Raises IllegalMove."""
    states.COMMISSION.move(commission, "ESTIMATED", actor=actor, why=why)
    return commission


def _locked(order_line_ref: int) -> Commission | None:
    return (
        Commission.objects.select_for_update(no_key=True)
        .filter(order_line_ref=order_line_ref)
        .first()
    )
