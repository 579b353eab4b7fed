"""The life of a finding: written once, gone by itself, closed by a person, open again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core.actors import SYSTEM, Actor
from core.errors import Conflict, Invalid
from orders import states
from orders.actions.payments import settle_payment
from orders.actions.reconciling.differences import Difference, latest_word
from orders.actions.words import words
from orders.models import PaymentFinding, PaymentIntent, Refund
from orders.payments.contract import MovementKind

SECOND = timedelta(seconds=1)
FIGURES = (
    "ours_minor", "ours_currency", "ours_state",
    "theirs_minor", "theirs_currency", "theirs_state",
)  # fmt: skip


def write_findings(code: str, found: list[Difference], since: datetime, until: datetime) -> None:
    """Bring the findings of the period to what was found now.

    Must run in a transaction; locks the findings that it moves. A finding that had gone and is
    back opens again; one that a person closed does so only when its figures are others.
    """
    seen = set()
    for item in found:
        figures = _figures(item)
        row, created = PaymentFinding.objects.select_for_update(no_key=True).get_or_create(
            provider=code,
            kind=item.kind,
            subject=item.subject,
            key=item.key[:80],
            ref=item.ref[:120],
            defaults={"order": item.order, "occurred_at": item.occurred_at, **figures},
        )
        seen.add(row.pk)
        if created:
            states.FINDING.start(row, actor=SYSTEM, why="found")
            continue
        changed = any(getattr(row, name) != value for name, value in figures.items())
        if row.state == "GONE" or (row.state == "CLOSED" and changed):
            states.FINDING.move(row, "OPEN", actor=SYSTEM, why="found again", **figures)
        elif changed:
            PaymentFinding.objects.filter(pk=row.pk).update(**figures)
    gone = PaymentFinding.objects.select_for_update(no_key=True).filter(
        provider=code, state="OPEN", occurred_at__gte=since, occurred_at__lt=until
    )
    for row in gone.exclude(pk__in=seen).order_by("pk"):
        states.FINDING.move(row, "GONE", actor=SYSTEM, why="gone at a later comparison")


def close_finding(*, finding: PaymentFinding, actor: Actor, why: str) -> None:
    """A person has dealt with it and says how.

    Raises Invalid without a reason, IllegalMove when it is not open any more.
    """
    reason = words(why, longest=500)
    if not reason:
        raise Invalid(_("Write what was done."), code="reason_required")
    with transaction.atomic():
        states.FINDING.move(finding, "CLOSED", actor=actor, why=reason)


def ask_provider(*, finding: PaymentFinding) -> bool:
    """Ask for the latest word on it, book that, and compare again; True when it is settled.

    Raises Conflict when there is nothing to ask for, and what the provider's calls raise.
    """
    from orders.actions.reconciling.comparing import reconcile_payments

    ref = _name_there(finding) if finding.can_ask else ""
    if not ref:
        raise Conflict(_("The provider gave this no name by which it could be asked."))
    fact = latest_word(finding.provider, finding.subject, ref)
    if fact is not None:
        settle_payment(code=finding.provider, event=fact)
    at = finding.occurred_at
    reconcile_payments(code=finding.provider, since=at, until=at + SECOND)
    finding.refresh_from_db()
    return finding.state != "OPEN"


def _name_there(finding: PaymentFinding) -> str:
    if finding.subject == MovementKind.CHARGE:
        intent = PaymentIntent.objects.filter(provider=finding.provider, key=finding.key).first()
        return intent.provider_ref if intent else ""
    refund = Refund.objects.filter(intent__provider=finding.provider, key=finding.key).first()
    return refund.provider_ref if refund else ""


def _figures(item: Difference) -> dict[str, Any]:
    return {
        "ours_minor": None if item.ours is None else item.ours.minor,
        "ours_currency": "" if item.ours is None else item.ours.currency,
        "ours_state": item.ours_state,
        "theirs_minor": None if item.theirs is None else item.theirs.minor,
        "theirs_currency": "" if item.theirs is None else item.theirs.currency,
        "theirs_state": item.theirs_state,
    }
