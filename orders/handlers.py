"""What orders do when supply announces something."""

from __future__ import annotations

from core.events import handles
from orders.actions.after_sale import return_inspected, return_received
from orders.actions.fulfilment import mark_delivered, mark_shipped
from supply.events import (
    PurchaseOrderDelivered,
    PurchaseOrderShipped,
    ReturnInspected,
    ReturnReceived,
)


@handles(PurchaseOrderShipped)
def parcel_left(event: PurchaseOrderShipped) -> None:
    mark_shipped(
        order_ref=event.order_ref,
        line_ids=list(event.order_line_refs),
        carrier=event.carrier,
        tracking_number=event.tracking_number,
    )


@handles(PurchaseOrderDelivered)
def parcel_arrived(event: PurchaseOrderDelivered) -> None:
    mark_delivered(order_ref=event.order_ref, line_ids=list(event.order_line_refs))


@handles(ReturnReceived)
def return_arrived(event: ReturnReceived) -> None:
    return_received(case_ref=event.case_ref)


@handles(ReturnInspected)
def return_judged(event: ReturnInspected) -> None:
    return_inspected(case_ref=event.case_ref, accepted=event.accepted, note=event.note)
