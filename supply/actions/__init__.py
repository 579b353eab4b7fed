"""The verbs of supply. Stock changes only in `stock`; states only through `supply.states`."""

from supply.actions.offers import create_offer, offer_again, update_offer, withdraw_offer
from supply.actions.purchase_orders import (
    PurchaseLine,
    cancel_purchase_lines,
    release_purchase_orders,
)
from supply.actions.returns import (
    cancel_return,
    expect_return,
    inspect_return,
    receive_return,
    return_dispatched,
)
from supply.actions.shipments import record_delivery, ship
from supply.actions.stock import consume_stock, release_stock, reserve_stock, restock, set_stock
from supply.actions.suppliers import admit, apply_as_supplier, move_supplier

__all__ = [
    "PurchaseLine",
    "admit",
    "apply_as_supplier",
    "cancel_purchase_lines",
    "cancel_return",
    "consume_stock",
    "create_offer",
    "expect_return",
    "inspect_return",
    "move_supplier",
    "offer_again",
    "receive_return",
    "record_delivery",
    "release_purchase_orders",
    "release_stock",
    "reserve_stock",
    "restock",
    "return_dispatched",
    "set_stock",
    "ship",
    "update_offer",
    "withdraw_offer",
]
