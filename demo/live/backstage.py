"""What happens behind the camera: packing, delivering, keeping, returning, filling the shelf.

Only orders of the bots are touched: a person who plays buyer or supplier finds their own work.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import F, QuerySet

from accounts.models import User
from core import clock
from core.actors import acting
from core.errors import DomainError
from demo.seed.lives import CARRIERS
from demo.stock.people import BUYERS, DEMO_SUPPLIER, LIVE_SHOW
from orders import actions as orders
from orders.models import AfterSaleCase, Order, OrderLine
from rooms.models import RoomItem
from supply import actions as supply
from supply.models import PurchaseOrder, ReturnParcel, Shipment, Stock, Supplier

log = logging.getLogger(__name__)

AT_ONCE = 2
HOLD = timedelta(seconds=75)
PACKING = timedelta(minutes=2)
ON_THE_WAY = timedelta(minutes=4)
# What always waits in the demo supplier's portal for a person to do.
KEPT_FOR_PEOPLE = 6
LOW, REFILL = 8, 40

_random = random.Random()
_names = [username for username, _name, _city in BUYERS]


def act() -> None:
    """A few steps of each kind. Call it every twenty seconds."""
    for step in (_refill, _send_off, _pack, _deliver, _keep_or_return, _answer, _send_back, _judge):
        _try(step)


def _try(step: Callable[[], None]) -> None:
    try:
        step()
    except DomainError as refusal:
        # A person was quicker.
        log.debug("backstage step refused", extra={"step": step.__name__, "why": str(refusal)})


def _refill() -> None:
    low = Stock.objects.filter(
        offer__listing_variant__listing__placements__in=RoomItem.objects.shown()
        .filter(room__slug=LIVE_SHOW)
        .values("placement"),
        on_hand__lt=F("reserved") + LOW,
    ).select_related("offer__supplier")
    for stock in low:
        supply.set_stock(
            offer=stock.offer,
            on_hand=stock.on_hand + REFILL,
            actor=_member(stock.offer.supplier),
            why="a delivery came in",
        )


def _send_off() -> None:
    """“Ship it now”, says who cannot wait for the end of the hold."""
    waiting = Order.objects.filter(
        buyer__username__in=_names,
        lines__state="PAID_ON_HOLD",
        placed_at__lt=clock.now() - HOLD,
    ).select_related("buyer")
    for order in waiting.distinct()[:AT_ONCE]:
        orders.release_hold(order=order, buyer=order.buyer)


def _pack() -> None:
    released = PurchaseOrder.objects.filter(
        state="RELEASED", order_ref__in=_their_orders(), created_at__lt=clock.now() - PACKING
    ).select_related("supplier")
    kept = list(
        released.filter(supplier__code=DEMO_SUPPLIER)
        .order_by("-pk")
        .values_list("pk", flat=True)[:KEPT_FOR_PEOPLE]
    )
    for parcel in released.exclude(pk__in=kept).order_by("pk")[:AT_ONCE]:
        carrier = _random.choice(list(CARRIERS))
        supply.ship(
            purchase_order=parcel,
            carrier=carrier,
            tracking_number=f"{CARRIERS[carrier]}{_random.randrange(10**11, 10**12)}",
            actor=_member(parcel.supplier),
        )


def _deliver() -> None:
    on_the_way = Shipment.objects.filter(
        delivered_at=None,
        shipped_at__lt=clock.now() - ON_THE_WAY,
        purchase_order__order_ref__in=_their_orders(),
    ).select_related("purchase_order__supplier")
    for shipment in on_the_way.order_by("-pk")[:AT_ONCE]:
        supply.record_delivery(shipment=shipment, actor=_member(shipment.purchase_order.supplier))


def _keep_or_return() -> None:
    delivered = OrderLine.objects.filter(
        state="DELIVERED", order__buyer__username__in=_names
    ).select_related("order__buyer")
    line = delivered.order_by("?").first()
    if line is None or AfterSaleCase.objects.filter(line=line).exists():
        return
    if _random.random() < 0.8:
        orders.confirm_receipt(order=line.order, buyer=line.order.buyer)
    else:
        orders.open_case(
            line=line,
            buyer=line.order.buyer,
            kind="return_and_refund",
            reason=_random.choice(["changed_mind", "not_as_shown", "damaged"]),
            description="It looked different on air, sorry.",
        )


def _answer() -> None:
    case = _cases("REQUESTED").exclude(line__supplier__code=DEMO_SUPPLIER).first()
    if case is not None:
        orders.approve_case(case=case, actor=acting(_member(case.line.supplier), "supplier"))


def _send_back() -> None:
    case = _cases("AWAITING_RETURN").first()
    if case is not None:
        orders.dispatch_return(
            case=case,
            buyer=case.line.order.buyer,
            carrier="SF Express",
            tracking_number=f"SF{_random.randrange(10**11, 10**12)}",
        )


def _judge() -> None:
    parcels = (
        ReturnParcel.objects.filter(order_ref__in=_their_orders())
        .exclude(supplier__code=DEMO_SUPPLIER)
        .select_related("supplier")
        .order_by("pk")
    )
    coming = parcels.filter(state="IN_TRANSIT").first()
    if coming is not None and _random.random() < 0.3:
        supply.receive_return(parcel=coming, actor=_member(coming.supplier))
    here = parcels.filter(state="RECEIVED").first()
    if here is not None and _random.random() < 0.5:
        supply.inspect_return(
            parcel=here,
            accepted=True,
            restock=True,
            note="As new.",
            actor=_member(here.supplier),
        )


def _cases(state: str) -> QuerySet[AfterSaleCase]:
    return (
        AfterSaleCase.objects.filter(state=state, line__order__buyer__username__in=_names)
        .select_related("line__order__buyer", "line__supplier")
        .order_by("pk")
    )


def _their_orders() -> QuerySet[Order, Any]:
    return Order.objects.filter(buyer__username__in=_names).order_by().values("number")


def _member(supplier: Supplier) -> User:
    member: User = supplier.members.order_by("pk")[0]
    return member
