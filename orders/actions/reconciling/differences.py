"""The comparison itself: reads rows of both sides and asks the provider, writes nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from core.money import Money
from orders.models import Order, PaymentFinding, PaymentIntent, ProviderMovement, Refund
from orders.payments.contract import (
    Declined,
    EventKind,
    Movement,
    MovementKind,
    ProviderEvent,
)
from orders.payments.registry import provider
from orders.payments.tariff import TOLERANCE_MINOR, agreed_fee

Kind = PaymentFinding.Kind
BOOKED = "SUCCEEDED"
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """What a finding says, before it is written."""

    kind: str
    subject: str
    key: str
    ref: str
    occurred_at: datetime
    ours: Money | None = None
    ours_state: str = ""
    theirs: Money | None = None
    theirs_state: str = ""
    order: Order | None = None

    def shown(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "kind": str(self.kind),
            "subject": self.subject,
            "key": self.key,
            "ref": self.ref,
            "order": self.order.number if self.order else None,
            "ours": None if self.ours is None else self.ours.format(),
            "ours_state": self.ours_state,
            "theirs": None if self.theirs is None else self.theirs.format(),
            "theirs_state": self.theirs_state,
            "occurred_at": self.occurred_at.isoformat(),
        }


def differences(
    code: str, theirs: list[Movement], since: datetime, until: datetime
) -> Iterator[Difference]:
    """Every difference of the period once; `theirs` has been kept as rows already."""
    charges = sorted(_of(theirs, MovementKind.CHARGE), key=lambda item: (item.at, item.ref))
    refunds = sorted(_of(theirs, MovementKind.REFUND), key=lambda item: (item.at, item.ref))
    yield from _charges(code, charges)
    yield from _unconfirmed(code, MovementKind.CHARGE, _booked_charges(code, since, until))
    yield from _refunds(code, refunds)
    yield from _unconfirmed(code, MovementKind.REFUND, _booked_refunds(code, since, until))


def _of(theirs: list[Movement], kind: MovementKind) -> list[Movement]:
    return [item for item in theirs if item.kind == kind]


# What they have ------------------------------------------------------------------------------


def _charges(code: str, theirs: list[Movement]) -> Iterator[Difference]:
    known: dict[str, PaymentIntent] = {}
    for keys in _chunks(theirs):
        rows = PaymentIntent.objects.filter(provider=code, key__in=keys).select_related("order")
        known |= {str(intent.key): intent for intent in rows}
    first = _first_refs(code, MovementKind.CHARGE, theirs)
    paid_more = _paid_more_than_once({intent.order_id for intent in known.values()})
    for item in theirs:
        intent = known.get(item.key)
        twice = intent is not None and (
            first.get(item.key, item.ref) != item.ref
            or (intent.pk in paid_more if intent.state == BOOKED else _settled_otherwise(intent))
        )
        found = list(_judged(item, intent, Kind.PAID_TWICE if twice else None))
        # What is kept of another amount is another fee: not a difference of its own.
        yield from found or _fee(code, item, intent)


def _refunds(code: str, theirs: list[Movement]) -> Iterator[Difference]:
    known: dict[str, Refund] = {}
    for keys in _chunks(theirs):
        rows = Refund.objects.filter(intent__provider=code, key__in=keys).select_related("order")
        known |= {str(refund.key): refund for refund in rows}
    first = _first_refs(code, MovementKind.REFUND, theirs)
    for item in theirs:
        refund = known.get(item.key)
        twice = refund is not None and first.get(item.key, item.ref) != item.ref
        yield from _judged(item, refund, Kind.REFUNDED_TWICE if twice else None)


def _judged(
    item: Movement, row: PaymentIntent | Refund | None, twice: str | None
) -> Iterator[Difference]:
    """At most one difference: the gravest, for the others follow from it."""
    if row is None:
        yield _theirs(Kind.MISSING_HERE, item)
        return
    ours = Money(row.amount_minor, row.currency)
    kind = twice
    if kind is None and item.amount.currency != ours.currency:
        kind = Kind.CURRENCY_DIFFERS
    elif kind is None and item.amount != ours:
        kind = Kind.AMOUNT_DIFFERS
    elif kind is None and row.state != BOOKED:
        kind = Kind.STATE_DIFFERS
    if kind is not None:
        yield _theirs(kind, item, order=row.order, ours=ours, ours_state=row.state)


def _fee(code: str, item: Movement, intent: PaymentIntent | None) -> Iterator[Difference]:
    agreed = agreed_fee(code, item.amount)
    # A fee in the currency of the settlement has no agreed figure to stand beside.
    if item.fee is None or agreed is None or item.fee.currency != agreed.currency:
        return
    if abs(item.fee.minor - agreed.minor) > TOLERANCE_MINOR:
        yield Difference(
            kind=Kind.FEE_DIFFERS,
            subject=str(item.kind),
            key=item.key,
            ref=item.ref,
            occurred_at=item.at,
            ours=agreed,
            theirs=item.fee,
            order=intent.order if intent else None,
        )


def _theirs(
    kind: str,
    item: Movement,
    *,
    order: Order | None = None,
    ours: Money | None = None,
    ours_state: str = "",
) -> Difference:
    return Difference(
        kind=kind,
        subject=str(item.kind),
        key=item.key,
        ref=item.ref,
        occurred_at=item.at,
        ours=ours,
        ours_state=ours_state,
        theirs=item.amount,
        theirs_state=BOOKED,
        order=order,
    )


def _first_refs(code: str, kind: MovementKind, theirs: list[Movement]) -> dict[str, str]:
    """By key, the first movement that the provider ever told, in whatever period."""
    first: dict[str, str] = {}
    for keys in _chunks(theirs):
        rows = ProviderMovement.objects.filter(provider=code, kind=kind, key__in=keys)
        for key, ref in rows.order_by("at", "ref").values_list("key", "ref"):
            first.setdefault(key, ref)
    return first


def _settled_otherwise(intent: PaymentIntent) -> bool:
    others = PaymentIntent.objects.filter(order_id=intent.order_id, state=BOOKED)
    return others.exclude(pk=intent.pk).exists()


def _paid_more_than_once(orders: set[int]) -> set[int]:
    """Payments beyond the first that an order kept: not sent back whole, nor on their way back."""
    kept = (
        PaymentIntent.objects.filter(order__in=orders, state=BOOKED)
        .annotate(
            back=Coalesce(Sum("refunds__amount_minor", filter=~Q(refunds__state="FAILED")), 0)
        )
        .filter(back__lt=F("amount_minor"))
        .order_by("order_id", "id")
    )
    first: set[int] = set()
    more: set[int] = set()
    for pk, order in kept.values_list("pk", "order_id"):
        if order in first:
            more.add(pk)
        first.add(order)
    return more


def _chunks(theirs: list[Movement]) -> Iterator[list[str]]:
    keys = sorted({item.key for item in theirs if _is_ours(item.key)})
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


def _is_ours(key: str) -> bool:
    try:
        return str(uuid.UUID(key)) == key
    except ValueError:
        return False


# What we have --------------------------------------------------------------------------------


def _booked_charges(code: str, since: datetime, until: datetime) -> QuerySet[PaymentIntent]:
    told = PaymentIntent.objects.filter(provider=code, state=BOOKED).annotate(
        at=Min("events__occurred_at", filter=Q(events__kind=EventKind.SUCCEEDED))
    )
    return told.filter(at__gte=since, at__lt=until).select_related("order")


def _booked_refunds(code: str, since: datetime, until: datetime) -> QuerySet[Refund]:
    told = Refund.objects.filter(intent__provider=code, state=BOOKED).annotate(
        at=Min("events__occurred_at", filter=Q(events__kind=EventKind.REFUND_SUCCEEDED))
    )
    return told.filter(at__gte=since, at__lt=until).select_related("order")


def _unconfirmed(code: str, subject: MovementKind, booked: Iterable[Any]) -> Iterator[Difference]:
    """What stands in no record of theirs, by what they answer when they are asked for it."""
    rows = {str(row.key): row for row in booked}
    recorded: set[str] = set()
    keys = sorted(rows)
    for start in range(0, len(keys), CHUNK):
        kept = ProviderMovement.objects.filter(
            provider=code, kind=subject, key__in=keys[start : start + CHUNK]
        )
        recorded.update(kept.values_list("key", flat=True))
    for key in keys:
        if key not in recorded:
            yield from _asked(code, subject, rows[key])


def _asked(code: str, subject: MovementKind, row: Any) -> Iterator[Difference]:
    """Nothing when the provider knows the row after all, perhaps on the other side of midnight."""
    fact = latest_word(code, subject, row.provider_ref)
    ours = Money(row.amount_minor, row.currency)
    if fact is None:
        kind = Kind.MISSING_THERE
    elif fact.kind not in {EventKind.SUCCEEDED, EventKind.REFUND_SUCCEEDED}:
        kind = Kind.STATE_DIFFERS
    elif fact.amount.currency != ours.currency:
        kind = Kind.CURRENCY_DIFFERS
    elif fact.amount != ours:
        kind = Kind.AMOUNT_DIFFERS
    else:
        return
    yield Difference(
        kind=kind,
        subject=str(subject),
        key=str(row.key),
        ref=row.provider_ref,
        occurred_at=row.at,
        ours=ours,
        ours_state=row.state,
        theirs=fact.amount if fact else None,
        theirs_state=fact.kind.rpartition(".")[2].upper() if fact else "",
        order=row.order,
    )


def latest_word(code: str, subject: str, ref: str) -> ProviderEvent | None:
    """What the provider says of one payment or refund now; None when it has nothing to say.

    Raises Retryable and Misconfigured.
    """
    if not ref:
        return None
    ask = provider(code).fetch if subject == MovementKind.CHARGE else provider(code).fetch_refund
    try:
        return ask(ref)
    except Declined:
        return None
