"""Purchase orders: one supplier's part of a paid order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.actors import SYSTEM
from core.errors import NotFound
from core.ids import public_number
from supply import states
from supply.models import Offer, PurchaseOrder, PurchaseOrderLine


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """What to deliver; `supply_price_minor` is a unit's price under the terms of the sale."""

    order_line_ref: int
    offer_id: int
    title: str
    quantity: int
    supply_price_minor: int


@transaction.atomic
def release_purchase_orders(
    *, order_ref: str, ship_to: dict[str, Any], lines: Sequence[PurchaseLine]
) -> list[PurchaseOrder]:
    """Ask each supplier for its lines, one purchase order a supplier; returns those concerned.

    Lines released before are left as they are, so a repeated call changes nothing. A line joins
    the supplier's open purchase order of this order if there is one. Due when the slowest offer's
    dispatch time is over. Raises NotFound for an unknown offer. Locks the open purchase orders.
    """
    known = PurchaseOrderLine.objects.filter(order_line_ref__in=[x.order_line_ref for x in lines])
    released = dict(known.values_list("order_line_ref", "purchase_order_id"))
    offers = Offer.objects.in_bulk({x.offer_id for x in lines})
    by_supplier: dict[int, list[PurchaseLine]] = defaultdict(list)
    for item in lines:
        if item.offer_id not in offers:
            raise NotFound(_("There is no such offer."))
        if item.order_line_ref not in released:
            by_supplier[offers[item.offer_id].supplier_id].append(item)
    concerned = list(PurchaseOrder.objects.filter(pk__in=released.values()))
    for supplier_id in sorted(by_supplier):
        wanted = by_supplier[supplier_id]
        hours = max(offers[item.offer_id].dispatch_hours for item in wanted)
        order = _open_order(supplier_id, order_ref, ship_to, hours)
        PurchaseOrderLine.objects.bulk_create(
            PurchaseOrderLine(
                purchase_order=order,
                offer_id=item.offer_id,
                order_line_ref=item.order_line_ref,
                title=item.title,
                quantity=item.quantity,
                supply_price_minor=item.supply_price_minor,
            )
            for item in wanted
        )
        concerned.append(order)
    return list({order.pk: order for order in concerned}.values())


def _open_order(
    supplier_id: int, order_ref: str, ship_to: dict[str, Any], hours: int
) -> PurchaseOrder:
    due = clock.now() + timedelta(hours=hours)
    order = (
        PurchaseOrder.objects.select_for_update()
        .filter(supplier_id=supplier_id, order_ref=order_ref, state="RELEASED")
        .first()
    )
    if order is not None:
        order.dispatch_due_at = max(order.dispatch_due_at, due)
        order.save(update_fields=["dispatch_due_at"])
        return order
    order = PurchaseOrder.objects.create(
        number=public_number(),
        supplier_id=supplier_id,
        order_ref=order_ref,
        ship_to=ship_to,
        dispatch_due_at=due,
    )
    states.PURCHASE_ORDER.start(order, actor=SYSTEM)
    return order


@transaction.atomic
def cancel_purchase_lines(*, order_line_refs: Collection[int], why: str) -> set[int]:
    """Call lines off; returns the refs that this call cancelled: none that has left the house.

    A purchase order whose last line goes is CANCELLED. The caller gives the stock back. Locks the
    purchase orders in ascending id, so it and `ship` decide one after the other.
    """
    lines = PurchaseOrderLine.objects.filter(
        order_line_ref__in=list(order_line_refs), cancelled=False
    )
    open_orders = list(
        PurchaseOrder.objects.select_for_update()
        .filter(pk__in=lines.values("purchase_order"), state="RELEASED")
        .order_by("pk")
    )
    refs = set(
        lines.filter(purchase_order__in=open_orders).values_list("order_line_ref", flat=True)
    )
    PurchaseOrderLine.objects.filter(order_line_ref__in=refs).update(cancelled=True)
    for order in open_orders:
        if not order.lines.filter(cancelled=False).exists():
            states.PURCHASE_ORDER.move(order, "CANCELLED", actor=SYSTEM, why=why)
    return refs
