"""What waits for a supplier, and what it has earned: the numbers of its dashboard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Sum

from core import clock
from ledger import owners
from ledger.models import Account, Kind
from supply.models import Offer, PurchaseOrder, PurchaseOrderLine, ReturnParcel, Supplier

LOW = 5
SALES_PERIOD = timedelta(days=30)


@dataclass(frozen=True)
class Desk:
    to_ship: list[PurchaseOrder]
    to_ship_count: int
    overdue_count: int
    returns: list[ReturnParcel]
    returns_count: int
    low: list[Offer]
    low_count: int
    owed: list[tuple[int, str]]
    sales: list[tuple[int, str]]
    units: int


def desk_of(supplier: Supplier, rows: int = 5) -> Desk:
    """The first `rows` of each kind of work, most urgent first, with all counts."""
    to_ship = PurchaseOrder.objects.filter(supplier=supplier, state="RELEASED").order_by(
        "dispatch_due_at"
    )
    returns = ReturnParcel.objects.filter(
        supplier=supplier, state__in=("IN_TRANSIT", "RECEIVED")
    ).order_by("created_at")
    low = (
        Offer.objects.filter(supplier=supplier, status=Offer.Status.ACTIVE)
        .select_related("stock")
        .alias(left=F("stock__on_hand") - F("stock__reserved"))
        .filter(left__lte=LOW)
        .order_by("left", "title")
    )
    lines = PurchaseOrderLine.objects.filter(
        purchase_order__supplier=supplier,
        purchase_order__created_at__gte=clock.now() - SALES_PERIOD,
        cancelled=False,
    )
    sales = lines.values("offer__currency").annotate(
        total=Sum(F("quantity") * F("supply_price_minor"))
    )
    return Desk(
        to_ship=list(to_ship.annotate(parts=Count("lines"))[:rows]),
        to_ship_count=to_ship.count(),
        overdue_count=to_ship.filter(dispatch_due_at__lt=clock.now()).count(),
        returns=list(returns[:rows]),
        returns_count=returns.count(),
        low=list(low[:rows]),
        low_count=low.count(),
        owed=owed_to(supplier),
        sales=[(row["total"], row["offer__currency"]) for row in sales] or [(0, "CNY")],
        units=lines.aggregate(units=Sum("quantity"))["units"] or 0,
    )


def owed_to(supplier: Supplier) -> list[tuple[int, str]]:
    """What the house owes the supplier by the ledger, in minor units, one sum a currency."""
    kind, ref = owners.supplier(supplier.code)
    accounts: Any = Account.objects.filter(
        owner_kind=kind, owner_ref=ref, kind=Kind.SUPPLIER_PAYABLE
    ).annotate(total=Sum("postings__amount_minor"))
    return [(-(row.total or 0), row.currency) for row in accounts] or [(0, "CNY")]
