"""Counters of the order floor, for `/metrics`."""

from __future__ import annotations

from prometheus_client import Counter

PLACED = Counter("liveshop_orders_placed", "Orders placed, by where they came from", ["source"])
WEBHOOKS = Counter(
    "liveshop_webhooks",
    "Payment webhooks: processed, refused (not signed by the provider), failed (tried again)",
    ["outcome"],
)
