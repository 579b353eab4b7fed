"""What promotion does when supply announces something."""

from __future__ import annotations

from core.events import handles
from promotion.actions import open_plan
from promotion.models import CommissionPlan
from supply.events import OfferChanged
from supply.models import Offer


@handles(OfferChanged)
def follow_the_offered_rate(event: OfferChanged) -> None:
    """What goes on sale gets its first plan; a new rate of the offer is a new version of it."""
    offer = Offer.objects.get(pk=event.offer_id)
    planned = CommissionPlan.objects.filter(offer=offer).exists()
    if "commission_bps" in event.fields if planned else offer.status == Offer.Status.ACTIVE:
        open_plan(offer=offer, rate_bps=offer.commission_bps)
