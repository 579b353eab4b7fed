"""Finishes what a crash left half done with the providers: every call again, under its old key."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TypeVar

from django.db import DatabaseError
from django.db.models import Q, QuerySet

from core import clock
from core.errors import DomainError
from orders.actions.payments import OPEN, settle_payment, start_payment
from orders.actions.refunds import submit_refund
from orders.models import PaymentIntent, Refund
from orders.payments.contract import PaymentError, ProviderEvent
from orders.payments.registry import provider

log = logging.getLogger(__name__)

# The request that began it is given this long before anyone else takes over.
GRACE = timedelta(seconds=5)
# Without a webhook for this long, the provider is asked.
SILENCE = timedelta(seconds=45)
BATCH = 50


def repair_payments() -> int:
    """Start, submit and look up what is overdue; returns how many rows were taken up.

    Takes no locks across a provider's call; each step is safe to repeat and to race.
    """
    return (
        _each(_not_started(), lambda intent: start_payment(intent=intent))
        + _each(_not_submitted(), lambda refund: submit_refund(refund_id=refund.pk))
        + _each(_silent_payments(), _look_up_payment)
        + _each(_silent_refunds(), _look_up_refund)
    )


def _not_started() -> QuerySet[PaymentIntent]:
    rows = PaymentIntent.objects.filter(
        state="STARTED", provider_ref="", created_at__lte=clock.now() - GRACE
    )
    return rows.select_related("order")[:BATCH]


def _not_submitted() -> QuerySet[Refund]:
    return Refund.objects.filter(state="REQUESTED", created_at__lte=clock.now() - GRACE)[:BATCH]


def _silent_payments() -> QuerySet[PaymentIntent]:
    rows = PaymentIntent.objects.filter(state__in=OPEN).exclude(provider_ref="")
    return rows.filter(_unheard_of())[:BATCH]


def _silent_refunds() -> QuerySet[Refund]:
    rows = Refund.objects.filter(state="SUBMITTED").select_related("intent")
    return rows.filter(_unheard_of())[:BATCH]


def _unheard_of() -> Q:
    before = clock.now() - SILENCE
    return Q(checked_at__isnull=True, created_at__lte=before) | Q(checked_at__lte=before)


def _look_up_payment(intent: PaymentIntent) -> None:
    PaymentIntent.objects.filter(pk=intent.pk).update(checked_at=clock.now())
    _apply(intent.provider, provider(intent.provider).fetch(intent.provider_ref))


def _look_up_refund(refund: Refund) -> None:
    Refund.objects.filter(pk=refund.pk).update(checked_at=clock.now())
    code = refund.intent.provider
    _apply(code, provider(code).fetch_refund(refund.provider_ref))


def _apply(code: str, event: ProviderEvent | None) -> None:
    if event is not None:
        settle_payment(code=code, event=event)


Row = TypeVar("Row", PaymentIntent, Refund)


def _each(rows: Iterable[Row], act: Callable[[Row], object]) -> int:
    done = 0
    for row in rows:
        try:
            act(row)
        except (DomainError, PaymentError, DatabaseError):
            log.exception("repair failed", extra={"row": str(row)})
        done += 1
    return done
