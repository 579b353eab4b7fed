"""One comparison of a period: keep the provider's record, compare, write down what differs."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.errors import Invalid, NotFound
from orders.actions.reconciling.differences import CHUNK, differences
from orders.actions.reconciling.findings import write_findings
from orders.models import PaymentComparison, PaymentFinding, PaymentIntent, ProviderMovement
from orders.payments.contract import Movement, MovementKind, PaymentError
from orders.payments.registry import default_code, provider

log = logging.getLogger(__name__)

# Each night takes some days again: records are completed late, and what was repaired must close.
DAYS = 3
# An older difference than that closes by a person only.
OLDEST_DAYS = 90


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What was compared and what was found."""

    provider: str
    charges: int = 0
    refunds: int = 0
    findings: list[dict[str, Any]] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def reconcile_payments(*, code: str, since: datetime, until: datetime) -> Reconciled:
    """Compare all money that moved in `since <= at < until`, in whole seconds; write the findings.

    Take a period that is over: what is on its way would be found to differ. A finding seen before
    is not written twice; one of the period that is gone closes by itself. Takes no locks across
    the provider's calls. Raises Invalid, NotFound, and what the provider's calls raise.
    """
    since = since.replace(microsecond=0)
    until = (until + timedelta(microseconds=999_999)).replace(microsecond=0)
    if since >= until:
        raise Invalid(_("The period ends before it begins."), code="bad_period")
    try:
        moved = provider(code).movements(since, until)
        told = {(item.kind, item.ref): item for item in moved if since <= item.at < until}
        theirs = list(told.values())
        _keep(code, theirs, since, until)
        found = list(differences(code, theirs, since, until))
    except NotFound:
        raise
    except Exception as error:
        # Whatever it was, staff must not take silence for agreement.
        failure = str(error) if isinstance(error, PaymentError) else repr(error)
        PaymentComparison.objects.create(
            provider=code, since=since, until=until, failure=failure[:300]
        )
        raise
    charges = sum(item.kind == MovementKind.CHARGE for item in theirs)
    with transaction.atomic():
        write_findings(code, found, since, until)
        PaymentComparison.objects.create(
            provider=code,
            since=since,
            until=until,
            charges=charges,
            refunds=len(theirs) - charges,
            found=len(found),
        )
    return Reconciled(code, charges, len(theirs) - charges, [item.shown() for item in found])


def reconcile_recent() -> list[Reconciled]:
    """The last days until today's first moment, and as far back as something is open.

    For every provider in use; one that fails is logged and does not keep the others waiting.
    """
    until = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    done = []
    for code in used_providers():
        oldest = PaymentFinding.objects.filter(
            provider=code, state="OPEN", occurred_at__gte=until - timedelta(days=OLDEST_DAYS)
        ).last()
        since = until - timedelta(days=DAYS)
        if oldest is not None:
            since = min(since, oldest.occurred_at)
        try:
            done.append(reconcile_payments(code=code, since=since, until=until))
        except Exception:
            log.exception("payments not reconciled", extra={"provider": code})
    return done


def used_providers() -> list[str]:
    """Codes of the chosen provider and of every one that was used before."""
    used = PaymentIntent.objects.order_by().values_list("provider", flat=True).distinct()
    return sorted({default_code(), *used})


@transaction.atomic
def _keep(code: str, theirs: list[Movement], since: datetime, until: datetime) -> None:
    """Their record of the period as it is now; what they took back goes."""
    rows = [
        ProviderMovement(
            provider=code,
            kind=str(item.kind),
            ref=item.ref[:120],
            key=item.key[:80],
            amount_minor=item.amount.minor,
            currency=item.amount.currency,
            at=item.at,
        )
        # One order for everybody who compares at the same time.
        for item in sorted(theirs, key=lambda item: (str(item.kind), item.ref))
    ]
    period = ProviderMovement.objects.filter(provider=code, at__gte=since, at__lt=until)
    told = {(row.kind, row.ref) for row in rows}
    gone = [pk for pk, *what in period.values_list("pk", "kind", "ref") if tuple(what) not in told]
    ProviderMovement.objects.filter(pk__in=gone).delete()
    ProviderMovement.objects.bulk_create(
        rows,
        batch_size=CHUNK,
        update_conflicts=True,
        unique_fields=["provider", "kind", "ref"],
        update_fields=["key", "amount_minor", "currency", "at"],
    )
