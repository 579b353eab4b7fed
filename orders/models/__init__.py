"""Tables of this floor. Amounts are minor units of the order's currency."""

from orders.models.payments import PaymentEvent, PaymentIntent, Refund, WebhookInbox
from orders.models.reconciliation import PaymentComparison, PaymentFinding, ProviderMovement
from orders.models.sales import (
    STATUS_ORDER,
    TABS,
    AfterSaleCase,
    CaseNote,
    Order,
    OrderLine,
    Reservation,
)
from orders.models.sandbox import SandboxCharge, SandboxRefund, SandboxWebhook

__all__ = [
    "STATUS_ORDER",
    "TABS",
    "AfterSaleCase",
    "CaseNote",
    "Order",
    "OrderLine",
    "PaymentComparison",
    "PaymentEvent",
    "PaymentFinding",
    "PaymentIntent",
    "ProviderMovement",
    "Refund",
    "Reservation",
    "SandboxCharge",
    "SandboxRefund",
    "SandboxWebhook",
    "WebhookInbox",
]
