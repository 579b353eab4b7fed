"""What can be done with orders: one function a use case. Import from here."""

from orders.actions.after_sale import (
    add_note,
    approve_case,
    dispatch_return,
    escalate_case,
    open_case,
    reject_case,
    rule_case,
    withdraw_case,
)
from orders.actions.cancelling import cancel_order, expire_unpaid
from orders.actions.fulfilment import confirm_receipt, release_hold
from orders.actions.inbox import process_webhooks, take_webhook
from orders.actions.payments import pay_again, settle_payment, start_payment
from orders.actions.placing import (
    Placed,
    begin_payment,
    payment_of,
    payments_begun,
    place_order,
    place_order_soon,
)
from orders.actions.pricing import Priced, Wanted, checked, priced
from orders.actions.reconciling import (
    Reconciled,
    ask_provider,
    close_finding,
    reconcile_payments,
    reconcile_recent,
)
from orders.actions.refunds import retry_refund
from orders.actions.repair import repair_payments
from orders.checkout.answers import Accepted, HandedBack, Outcome, Refused

__all__ = [
    "Accepted",
    "HandedBack",
    "Outcome",
    "Placed",
    "Priced",
    "Reconciled",
    "Refused",
    "Wanted",
    "add_note",
    "approve_case",
    "ask_provider",
    "begin_payment",
    "cancel_order",
    "checked",
    "close_finding",
    "confirm_receipt",
    "dispatch_return",
    "escalate_case",
    "expire_unpaid",
    "open_case",
    "pay_again",
    "payment_of",
    "payments_begun",
    "place_order",
    "place_order_soon",
    "priced",
    "process_webhooks",
    "reconcile_payments",
    "reconcile_recent",
    "reject_case",
    "release_hold",
    "repair_payments",
    "retry_refund",
    "rule_case",
    "settle_payment",
    "start_payment",
    "take_webhook",
    "withdraw_case",
]
