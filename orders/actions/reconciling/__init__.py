"""Reconciliation: a provider's record of a period beside ours, and what people do about differences."""

from orders.actions.reconciling.comparing import (
    Reconciled,
    reconcile_payments,
    reconcile_recent,
    used_providers,
)
from orders.actions.reconciling.findings import ask_provider, close_finding

__all__ = [
    "Reconciled",
    "ask_provider",
    "close_finding",
    "reconcile_payments",
    "reconcile_recent",
    "used_providers",
]
