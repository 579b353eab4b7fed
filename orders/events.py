"""What this floor announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from core.events import Event


@dataclass(frozen=True)
class OrderPlaced(Event):
    """`lines`: {line, placement_id, listing_variant_id, offer_id, quantity, title, amount_minor,
    flash_id}; the amount is what the buyer pays."""

    topic: ClassVar[str] = "orders.order_placed"
    order: str
    buyer_id: int
    lines: list[dict[str, Any]]


@dataclass(frozen=True)
class OrderPaid(Event):
    """As `OrderPlaced`, once the provider has the money."""

    topic: ClassVar[str] = "orders.order_paid"
    order: str
    buyer_id: int
    total_minor: int
    currency: str
    lines: list[dict[str, Any]]


@dataclass(frozen=True)
class OrderExpired(Event):
    """Nobody paid in time; the stock is free again."""

    topic: ClassVar[str] = "orders.order_expired"
    order: str
    buyer_id: int


@dataclass(frozen=True)
class PaymentFailed(Event):
    topic: ClassVar[str] = "orders.payment_failed"
    order: str
    buyer_id: int
    reason: str


@dataclass(frozen=True)
class OrderLineCancelled(Event):
    topic: ClassVar[str] = "orders.order_line_cancelled"
    order: str
    line: int
    buyer_id: int
    placement_id: int | None
    offer_id: int
    quantity: int
    paid: bool
    flash_id: int | None = None


@dataclass(frozen=True)
class OrderLineShipped(Event):
    topic: ClassVar[str] = "orders.order_line_shipped"
    order: str
    line: int
    buyer_id: int
    carrier: str
    tracking_number: str


@dataclass(frozen=True)
class OrderLineDelivered(Event):
    topic: ClassVar[str] = "orders.order_line_delivered"
    order: str
    line: int
    buyer_id: int


@dataclass(frozen=True)
class OrderLineCompleted(Event):
    """The buyer keeps it: what stays sold. `amount_minor` is what was not refunded."""

    topic: ClassVar[str] = "orders.order_line_completed"
    order: str
    line: int
    buyer_id: int
    placement_id: int | None
    amount_minor: int
    currency: str


@dataclass(frozen=True)
class RefundSucceeded(Event):
    topic: ClassVar[str] = "orders.refund_succeeded"
    order: str
    line: int | None
    buyer_id: int
    placement_id: int | None
    quantity: int
    amount_minor: int
    currency: str


@dataclass(frozen=True)
class CaseMoved(Event):
    topic: ClassVar[str] = "orders.case_moved"
    case: str
    order: str
    buyer_id: int
    supplier_id: int
    state: str
