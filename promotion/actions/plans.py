"""Commission plans: one open rate an offer; a change is a new version."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from core import clock
from core.errors import Invalid
from core.money import BASIS_POINTS
from promotion.models import CommissionPlan
from supply.models import Offer


@transaction.atomic
def open_plan(*, offer: Offer, rate_bps: int, actor: Any = None) -> CommissionPlan:
    """The open plan of an offer at `rate_bps`: the current version, or a new one that ends it.

    Placements made before keep the version they were made under. Raises Invalid for a rate that
    is not within 0 and 100 %. Locks the offer's row.
    """
    if not 0 <= rate_bps <= BASIS_POINTS:
        raise Invalid(_("The commission must be between 0 and 100 %."), code="bad_rate")
    Offer.objects.select_for_update(no_key=True).get(pk=offer.pk)
    plans = CommissionPlan.objects.filter(offer=offer, kind=CommissionPlan.Kind.OPEN)
    current = plans.filter(ended_at__isnull=True).first()
    if current is not None and current.rate_bps == rate_bps:
        return current
    last = plans.aggregate(last=Max("version"))["last"] or 0
    plans.filter(ended_at__isnull=True).update(ended_at=clock.now())
    return CommissionPlan.objects.create(offer=offer, rate_bps=rate_bps, version=last + 1)


def plan_for(offer: Offer) -> CommissionPlan:
    """The plan that binds now; an offer that has none yet is promoted at the rate it names."""
    current = CommissionPlan.objects.filter(
        offer=offer, kind=CommissionPlan.Kind.OPEN, ended_at__isnull=True
    ).first()
    return current or open_plan(offer=offer, rate_bps=offer.commission_bps)
