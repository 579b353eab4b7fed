"""What order lines, payments, refunds and after-sale cases may become (design, section 4)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings

from core.states import Move, StateMachine

if TYPE_CHECKING:
    from orders.models import OrderLine, Refund


def _remorse(line: OrderLine) -> timedelta:
    minutes = line.remorse_minutes
    return settings.REMORSE_PERIOD if minutes is None else timedelta(minutes=minutes)


def _refund_pause(refund: Refund) -> timedelta | None:
    """10, 20, 40, 80 minutes; then a person has to look."""
    if refund.attempts > 4:
        return None
    return timedelta(minutes=5 * 2**refund.attempts)


LINE = StateMachine(
    "orders.line",
    model="orders.OrderLine",
    moves=[
        Move("PENDING_PAYMENT", "PAID_ON_HOLD", by={"provider", "system"}),
        Move("PENDING_PAYMENT", "EXPIRED", by={"system"}),
        Move("PENDING_PAYMENT", "CANCELLED", by={"buyer", "admin", "system"}),
        # A payment that comes after the reservation lapsed reserves again.
        Move("EXPIRED", "PAID_ON_HOLD", by={"provider", "system"}),
        Move("PAID_ON_HOLD", "PAID", by={"buyer", "system"}, after=_remorse),
        Move("PAID_ON_HOLD", "CANCELLED", by={"buyer", "admin", "system"}),
        Move("PAID", "ALLOCATED", by={"system"}),
        Move("PAID", "CANCELLED", by={"system", "admin"}),
        Move("ALLOCATED", "CANCELLED", by={"system", "admin"}),
        Move("ALLOCATED", "SHIPPED", by={"supplier", "system"}),
        Move("SHIPPED", "DELIVERED", by={"supplier", "carrier", "buyer", "system"}),
        Move(
            "DELIVERED",
            "COMPLETED",
            by={"buyer", "system"},
            after=lambda line: settings.AUTO_CONFIRM_PERIOD,
        ),
        Move("DELIVERED", "RETURNED", by={"system", "admin"}),
        Move("COMPLETED", "RETURNED", by={"system", "admin"}),
        Move("COMPLETED", "SETTLED", by={"system"}),
    ],
)

PAYMENT = StateMachine(
    "orders.payment",
    model="orders.PaymentIntent",
    moves=[
        Move("STARTED", "ACTION_REQUIRED", by={"provider"}),
        Move("STARTED", "SUCCEEDED", by={"provider"}),
        Move("STARTED", "FAILED", by={"provider"}),
        Move("STARTED", "CANCELLED", by={"system", "provider"}),
        Move("ACTION_REQUIRED", "SUCCEEDED", by={"provider"}),
        Move("ACTION_REQUIRED", "FAILED", by={"provider"}),
        Move("ACTION_REQUIRED", "CANCELLED", by={"system", "provider"}),
        # A card was declined and another is tried, or the provider closes it after all.
        Move("FAILED", "ACTION_REQUIRED", by={"provider"}),
        Move("FAILED", "CANCELLED", by={"provider"}),
        # The provider's word is final, even late.
        Move("FAILED", "SUCCEEDED", by={"provider"}),
        Move("CANCELLED", "SUCCEEDED", by={"provider"}),
    ],
)

REFUND = StateMachine(
    "orders.refund",
    model="orders.Refund",
    moves=[
        Move("REQUESTED", "SUBMITTED", by={"system"}),
        Move("REQUESTED", "FAILED", by={"system", "provider"}),
        Move("REQUESTED", "SUCCEEDED", by={"provider"}),
        Move("SUBMITTED", "SUCCEEDED", by={"provider"}),
        Move("SUBMITTED", "FAILED", by={"provider"}),
        # Asked again with the same key, after growing pauses, and by hand at any time.
        Move("FAILED", "REQUESTED", by={"system", "admin"}, after=_refund_pause),
        Move("FAILED", "SUCCEEDED", by={"provider"}),
    ],
)

CASE = StateMachine(
    "orders.case",
    model="orders.AfterSaleCase",
    moves=[
        # 48 hours of silence from the supplier approve.
        Move(
            "REQUESTED", "APPROVED", by={"supplier", "admin", "system"}, after=timedelta(hours=48)
        ),
        Move("REQUESTED", "AUTO_APPROVED", by={"system"}),
        Move("REQUESTED", "REJECTED", by={"supplier", "admin"}),
        Move("REQUESTED", "WITHDRAWN", by={"buyer"}),
        Move("REJECTED", "ESCALATED", by={"buyer"}),
        Move("REJECTED", "CLOSED", by={"buyer", "system"}, after=timedelta(hours=48)),
        Move("APPROVED", "AWAITING_RETURN", by={"system"}),
        Move("AUTO_APPROVED", "REFUNDING", by={"system"}),
        Move("APPROVED", "REFUNDING", by={"system"}),
        Move("AWAITING_RETURN", "RETURN_IN_TRANSIT", by={"buyer"}),
        Move("AWAITING_RETURN", "RETURN_RECEIVED", by={"supplier", "system"}),
        Move("AWAITING_RETURN", "WITHDRAWN", by={"buyer"}),
        Move("AWAITING_RETURN", "CLOSED", by={"system"}, after=timedelta(days=5)),
        # A supplier who never confirms a parcel that is on its way has it counted as received.
        Move(
            "RETURN_IN_TRANSIT",
            "RETURN_RECEIVED",
            by={"supplier", "system"},
            after=timedelta(days=10),
        ),
        Move("RETURN_RECEIVED", "INSPECTING", by={"supplier", "system"}),
        Move("INSPECTING", "ACCEPTED", by={"supplier", "system"}, after=timedelta(days=3)),
        Move("INSPECTING", "DISPUTED", by={"supplier", "system"}),
        Move("ACCEPTED", "REFUNDING", by={"system"}),
        Move("DISPUTED", "ARBITRATING", by={"admin", "system"}),
        Move("ESCALATED", "ARBITRATING", by={"admin", "system"}),
        Move("ARBITRATING", "RULED_BUYER", by={"admin"}),
        Move("ARBITRATING", "RULED_SELLER", by={"admin"}),
        Move("RULED_BUYER", "REFUNDING", by={"system", "admin"}),
        # Ruled before anything was sent back: the goods come first.
        Move("RULED_BUYER", "AWAITING_RETURN", by={"system", "admin"}),
        Move("RULED_SELLER", "CLOSED", by={"system", "admin"}),
        Move("REFUNDING", "REFUNDED", by={"provider", "system"}),
        Move("REFUNDING", "REFUND_FAILED", by={"provider", "system"}),
        Move("REFUND_FAILED", "REFUNDING", by={"system", "admin"}),
    ],
)

# A difference between a provider's record and ours.
FINDING = StateMachine(
    "orders.finding",
    model="orders.PaymentFinding",
    moves=[
        Move("OPEN", "GONE", by={"system"}),
        Move("OPEN", "CLOSED", by={"admin"}),
        Move("GONE", "OPEN", by={"system"}),
        # Its figures are others than those that a person closed it with.
        Move("CLOSED", "OPEN", by={"system"}),
    ],
)

CASE_FINAL = frozenset({"REFUNDED", "CLOSED", "WITHDRAWN"})

# An order line that may still be sent back, and how long after the parcel is accepted.
RETURNABLE = frozenset({"DELIVERED", "COMPLETED"})
UNSHIPPED = frozenset({"PAID", "ALLOCATED"})
