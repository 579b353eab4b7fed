"""Parcels to buyers."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core import clock
from core.errors import Conflict, Invalid
from core.events import publish
from supply import states
from supply.actions.people import actor_of
from supply.actions.stock import consume_stock
from supply.events import PurchaseOrderDelivered, PurchaseOrderShipped
from supply.models import PurchaseOrder, Shipment


@transaction.atomic
def ship(
    *, purchase_order: PurchaseOrder, carrier: str, tracking_number: str, actor: Any
) -> Shipment:
    """All lines that nobody cancelled leave in one parcel; their stock is consumed.

    Publishes PurchaseOrderShipped. Raises Invalid without carrier or number, Conflict when another
    parcel has that number, IllegalMove when it left before or was cancelled. Locks the purchase
    order, then the stock rows in ascending offer id.
    """
    carrier, tracking_number = carrier.strip(), tracking_number.strip()
    if not carrier or len(carrier) > 40:
        raise Invalid(_("Enter the carrier, at most 40 characters."), code="bad_carrier")
    if not tracking_number or len(tracking_number) > 60:
        raise Invalid(
            _("Enter the tracking number, at most 60 characters."), code="bad_tracking_number"
        )
    order = PurchaseOrder.objects.select_for_update().get(pk=purchase_order.pk)
    lines = list(order.lines.filter(cancelled=False).order_by("offer_id"))
    states.PURCHASE_ORDER.move(order, "SHIPPED", actor=actor_of(actor))
    try:
        with transaction.atomic():
            shipment = Shipment.objects.create(
                purchase_order=order,
                carrier=carrier,
                tracking_number=tracking_number,
                shipped_at=clock.now(),
            )
    except IntegrityError as error:
        raise Conflict(
            _("Another parcel has this tracking number."), code="tracking_number_taken"
        ) from error
    publish(
        PurchaseOrderShipped(
            purchase_order=order.number,
            order_ref=order.order_ref,
            order_line_refs=sorted(line.order_line_ref for line in lines),
            carrier=carrier,
            tracking_number=tracking_number,
        )
    )
    quantities: Counter[int] = Counter()
    for line in lines:
        quantities[line.offer_id] += line.quantity
    for offer_id in sorted(quantities):
        consume_stock(offer_id=offer_id, quantity=quantities[offer_id])
    purchase_order.state = order.state
    return shipment


@transaction.atomic
def record_delivery(*, shipment: Shipment, actor: Any) -> Shipment:
    """The parcel has arrived. Publishes PurchaseOrderDelivered; a second call changes nothing.

    Raises IllegalMove when the purchase order is not under way. Locks the purchase order.
    """
    order = PurchaseOrder.objects.select_for_update().get(pk=shipment.purchase_order_id)
    shipment.refresh_from_db()
    if shipment.delivered_at is not None:
        return shipment
    shipment.delivered_at = clock.now()
    shipment.save(update_fields=["delivered_at"])
    states.PURCHASE_ORDER.move(order, "DELIVERED", actor=actor_of(actor))
    publish(
        PurchaseOrderDelivered(
            purchase_order=order.number,
            order_ref=order.order_ref,
            order_line_refs=list(
                order.lines.filter(cancelled=False)
                .order_by("order_line_ref")
                .values_list("order_line_ref", flat=True)
            ),
        )
    )
    return shipment
