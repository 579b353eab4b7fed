"""From paid to kept: the hold ends, suppliers get their purchase orders, parcels go and arrive."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core.actors import SYSTEM, Actor, acting
from core.errors import Conflict
from core.events import publish
from orders import states
from orders.actions import books
from orders.actions.locks import lock_order, lock_order_by_number
from orders.events import OrderLineCompleted, OrderLineDelivered, OrderLineShipped
from orders.models import Order, OrderLine, Reservation
from promotion import actions as promotion
from supply.actions import PurchaseLine, release_purchase_orders

# Their announcements name no person.
SUPPLIER = Actor("supplier", None, "supplier")
CARRIER = Actor("carrier", None, "carrier")


def release_hold(*, order: Order, buyer: Any) -> list[OrderLine]:
    """The buyer says “ship it now”: the remorse hold ends for the whole order.

    Raises Conflict when nothing is on hold. Locks the order.
    """
    with transaction.atomic():
        lines = end_hold(lock_order(order.pk), actor=acting(buyer, "buyer"), why="ship it now")
        if not lines:
            raise Conflict(_("Nothing of this order is on hold."))
    return lines


def end_hold(order: Order, *, actor: Actor, why: str) -> list[OrderLine]:
    """Move every line on hold to its supplier's purchase order; returns them.

    Must run under the order's lock.
    """
    lines = list(
        order.lines.filter(state="PAID_ON_HOLD").select_related("order").order_by("offer_id", "id")
    )
    if not lines:
        return []
    for item in lines:
        states.LINE.move(item, "PAID", actor=actor, why=why)
    release_purchase_orders(
        order_ref=order.number,
        ship_to=order.ship_to,
        lines=[
            PurchaseLine(
                order_line_ref=item.pk,
                offer_id=item.offer_id,
                title=_described(item),
                quantity=item.quantity,
                supply_price_minor=item.supply_price_minor,
            )
            for item in lines
        ],
    )
    for item in lines:
        states.LINE.move(item, "ALLOCATED", actor=SYSTEM, why="purchase order released")
    return lines


def _described(item: OrderLine) -> str:
    return f"{item.title} {item.option_label}".strip()[:200]


def mark_shipped(
    *, order_ref: str, line_ids: list[int], carrier: str, tracking_number: str
) -> None:
    """The supplier handed the parcel over. Applies to lines still allocated; locks the order."""
    with transaction.atomic():
        order = lock_order_by_number(order_ref)
        if order is None:
            return
        for item in _lines(order, line_ids, {"ALLOCATED"}):
            _ship(item, carrier, tracking_number)


def mark_delivered(*, order_ref: str, line_ids: list[int]) -> None:
    """The parcel arrived; the confirmation period begins. Locks the order.

    Events may overtake each other, so a line not yet marked as shipped is moved through.
    """
    with transaction.atomic():
        order = lock_order_by_number(order_ref)
        if order is None:
            return
        for item in _lines(order, line_ids, {"ALLOCATED", "SHIPPED"}):
            if item.state == "ALLOCATED":
                _ship(item, "", "")
            _deliver(item, CARRIER, "delivered")


def confirm_receipt(*, order: Order, buyer: Any) -> list[OrderLine]:
    """The buyer has the goods and keeps them: lines on their way or delivered become complete.

    Lines with an open case are left alone. Raises Conflict when there is nothing to confirm.
    Locks the order.
    """
    actor = acting(buyer, "buyer")
    with transaction.atomic():
        locked = lock_order(order.pk)
        lines = [
            item
            for item in locked.lines.filter(state__in=["SHIPPED", "DELIVERED"]).select_related(
                "order", "supplier"
            )
            if not item.open_case
        ]
        if not lines:
            raise Conflict(_("There is nothing to confirm in this order now."))
        for item in lines:
            if item.state == "SHIPPED":
                _deliver(item, actor, "confirmed by the buyer")
            complete(item, actor=actor, why="confirmed by the buyer")
    return lines


def complete(item: OrderLine, *, actor: Actor, why: str) -> None:
    """The line stays sold: the anchor's commission becomes payable. Must run under the order's lock."""
    states.LINE.move(item, "COMPLETED", actor=actor, why=why)
    if books.post_matured(order=item.order, item=item):
        promotion.confirm(order_line_ref=item.pk)
    publish(
        OrderLineCompleted(
            order=item.order.number,
            line=item.pk,
            buyer_id=item.order.buyer_id,
            placement_id=item.placement_id,
            amount_minor=item.total_minor - books.refunded_minor(item),
            currency=item.order.currency,
        )
    )


def _lines(order: Order, line_ids: list[int], in_states: set[str]) -> list[OrderLine]:
    rows = order.lines.filter(pk__in=line_ids, state__in=in_states).select_related("order")
    return list(rows.order_by("id"))


def _ship(item: OrderLine, carrier: str, tracking_number: str) -> None:
    states.LINE.move(
        item,
        "SHIPPED",
        actor=SUPPLIER,
        why="handed to the carrier",
        evidence={"carrier": carrier, "tracking_number": tracking_number},
    )
    Reservation.objects.filter(line=item).update(state=Reservation.State.CONSUMED)
    publish(
        OrderLineShipped(
            order=item.order.number,
            line=item.pk,
            buyer_id=item.order.buyer_id,
            carrier=carrier,
            tracking_number=tracking_number,
        )
    )


def _deliver(item: OrderLine, actor: Actor, why: str) -> None:
    states.LINE.move(item, "DELIVERED", actor=actor, why=why)
    publish(OrderLineDelivered(order=item.order.number, line=item.pk, buyer_id=item.order.buyer_id))
