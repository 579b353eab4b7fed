"""What suppliers, purchase orders and return parcels may become."""

from __future__ import annotations

from core.states import Move, StateMachine

# States in which a supplier's offers may be sold.
SELLING = frozenset({"PROBATION", "ACTIVE", "WATCH"})

SUPPLIER = StateMachine(
    "supply.supplier",
    model="supply.Supplier",
    moves=[
        Move("DRAFT", "SUBMITTED", by={"supplier", "admin"}),
        Move("SUBMITTED", "DOCS_REVIEW", by={"admin", "system"}),
        Move("DOCS_REVIEW", "RETURNED_FOR_FIX", by={"admin"}),
        Move("RETURNED_FOR_FIX", "DOCS_REVIEW", by={"supplier", "admin"}),
        Move("DOCS_REVIEW", "SAMPLE_REVIEW", by={"admin"}),
        Move("SAMPLE_REVIEW", "DEPOSIT_DUE", by={"admin"}),
        Move("DEPOSIT_DUE", "PROBATION", by={"admin", "system"}),
        Move("PROBATION", "ACTIVE", by={"admin", "system"}),
        Move("ACTIVE", "WATCH", by={"admin", "system"}),
        Move("WATCH", "ACTIVE", by={"admin", "system"}),
        Move("PROBATION", "SUSPENDED", by={"admin", "system"}),
        Move("ACTIVE", "SUSPENDED", by={"admin", "system"}),
        Move("WATCH", "SUSPENDED", by={"admin", "system"}),
        Move("SUSPENDED", "ACTIVE", by={"admin"}),
        Move("SUSPENDED", "OFFBOARDING", by={"admin"}),
        Move("ACTIVE", "OFFBOARDING", by={"admin", "supplier"}),
        Move("OFFBOARDING", "CLOSED", by={"admin", "system"}),
        Move("SUSPENDED", "BLACKLISTED", by={"admin"}),
    ],
)

PURCHASE_ORDER = StateMachine(
    "supply.purchase_order",
    model="supply.PurchaseOrder",
    moves=[
        Move("RELEASED", "SHIPPED", by={"supplier", "admin"}),
        Move("RELEASED", "CANCELLED", by={"system", "admin"}),
        Move("SHIPPED", "DELIVERED", by={"supplier", "admin", "system", "carrier"}),
    ],
)

RETURN_PARCEL = StateMachine(
    "supply.return_parcel",
    model="supply.ReturnParcel",
    moves=[
        Move("EXPECTED", "IN_TRANSIT", by={"system"}),
        Move("EXPECTED", "CANCELLED", by={"system"}),
        Move("IN_TRANSIT", "CANCELLED", by={"system"}),
        Move("EXPECTED", "RECEIVED", by={"supplier", "admin"}),
        Move("IN_TRANSIT", "RECEIVED", by={"supplier", "admin"}),
        Move("RECEIVED", "ACCEPTED", by={"supplier", "admin"}),
        Move("RECEIVED", "DISPUTED", by={"supplier", "admin"}),
    ],
)
