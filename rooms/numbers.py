"""What a show has brought so far, for its anchor."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Count, F, Sum

from core.money import share_of
from orders.models import OrderLine
from promotion.models import Placement
from rooms import presence, snapshot, wire
from rooms.models import Room

# Lines that are not, or no longer, a sale.
NOT_SOLD = ("PENDING_PAYMENT", "EXPIRED", "CANCELLED", "RETURNED")


def numbers(room: Room) -> dict[str, Any]:
    """Viewers, likes and paid sales: {viewers, peak_viewers, unique_viewers, likes, orders, units,
    amount_minor, commission_minor, currency, amount, commission, sold}: amount and commission as ready texts,
    sold as pieces by placement.

    `unique_viewers` is None while Redis is away. Sums what is still sold; refunds take a line out again.
    """
    placements = Placement.objects.filter(room_ref=room.pk)
    lines = OrderLine.objects.filter(placement__in=placements).exclude(state__in=NOT_SOLD)
    totals = lines.aggregate(
        orders=Count("order", distinct=True),
        units=Sum("quantity"),
        amount=Sum(F("unit_price_minor") * F("quantity") - F("discount_minor")),
        given=Sum("discount_minor"),
    )
    rates = lines.values("commission_bps").annotate(
        amount=Sum(F("unit_price_minor") * F("quantity"))
    )
    # Coupons come out of the commission, which is earned on the price before them.
    earned = sum(share_of(row["amount"], row["commission_bps"]) for row in rates)
    commission = earned - (totals["given"] or 0)
    currency = lines.values_list("order__currency", flat=True).first()
    currency = currency or settings.DEFAULT_CURRENCY
    amount = totals["amount"] or 0
    viewers, likes, _chat = snapshot.from_redis(room)
    return {
        "viewers": viewers,
        "peak_viewers": max(room.peak_viewers, viewers),
        "unique_viewers": presence.unique(room.pk),
        "likes": likes,
        "orders": totals["orders"],
        "units": totals["units"] or 0,
        "amount_minor": amount,
        "commission_minor": commission,
        "currency": currency,
        "amount": wire.money(amount, currency)["text"],
        "commission": wire.money(commission, currency)["text"],
        "sold": dict(lines.values_list("placement").annotate(pieces=Sum("quantity"))),
    }
