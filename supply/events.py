"""What this floor announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class StockChanged(Event):
    """`available` is what could be bought right after the change."""

    topic: ClassVar[str] = "supply.stock_changed"
    offer_id: int
    available: int


@dataclass(frozen=True)
class OfferChanged(Event):
    """`fields` names what is different now: those of the offer, or its status."""

    topic: ClassVar[str] = "supply.offer_changed"
    offer_id: int
    fields: list[str]


@dataclass(frozen=True)
class OfferWithdrawn(Event):
    topic: ClassVar[str] = "supply.offer_withdrawn"
    offer_id: int


@dataclass(frozen=True)
class SupplierMoved(Event):
    """A supplier began to be one whose offers may be sold (`selling`), or ceased to be."""

    topic: ClassVar[str] = "supply.supplier_moved"
    supplier_id: int
    state: str
    selling: bool


@dataclass(frozen=True)
class PurchaseOrderShipped(Event):
    """`purchase_order` is its number; `order_line_refs` are the lines in the parcel."""

    topic: ClassVar[str] = "supply.purchase_order_shipped"
    purchase_order: str
    order_ref: str
    order_line_refs: list[int]
    carrier: str
    tracking_number: str


@dataclass(frozen=True)
class PurchaseOrderDelivered(Event):
    topic: ClassVar[str] = "supply.purchase_order_delivered"
    purchase_order: str
    order_ref: str
    order_line_refs: list[int]


@dataclass(frozen=True)
class ReturnReceived(Event):
    topic: ClassVar[str] = "supply.return_received"
    case_ref: str


@dataclass(frozen=True)
class ReturnInspected(Event):
    """The supplier has judged the goods; not `accepted` means that it disputes them."""

    topic: ClassVar[str] = "supply.return_inspected"
    case_ref: str
    accepted: bool
    restocked: bool
    note: str
