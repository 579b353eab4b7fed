"""After-sale: the buyer claims, the supplier answers, goods come back, somebody rules."""

from orders.actions.after_sale.claims import (
    add_note,
    escalate_case,
    open_case,
    withdraw_case,
)
from orders.actions.after_sale.decisions import approve_case, reject_case, rule_case
from orders.actions.after_sale.returns import (
    dispatch_return,
    return_inspected,
    return_received,
)

__all__ = [
    "add_note",
    "approve_case",
    "dispatch_return",
    "escalate_case",
    "open_case",
    "reject_case",
    "return_inspected",
    "return_received",
    "rule_case",
    "withdraw_case",
]
