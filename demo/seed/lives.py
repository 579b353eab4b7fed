"""The life of one order, from the wish to the parcel that stays or comes back."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import User
from core import clock
from core.actors import acting
from demo.seed.clockwork import Life
from demo.stock.goods import RETURN_BPS
from demo.stock.people import DEMO_SUPPLIER
from orders import actions as orders
from orders.actions import Wanted
from orders.models import AfterSaleCase, Order, OrderLine
from supply import actions as supply
from supply.models import PurchaseOrder, ReturnParcel, Shipment, Supplier

CARRIERS = {"SF Express": "SF", "YTO": "YT", "ZTO": "ZT", "JD Logistics": "JD"}
REASONS = {
    "fashion": ["wrong_size", "changed_mind", "not_as_shown"],
    "shoes-bags": ["wrong_size", "not_as_shown", "changed_mind"],
    "food-tea": ["damaged", "changed_mind"],
}
OTHER_REASONS = ["changed_mind", "not_as_shown", "damaged"]
WORDS = {
    "wrong_size": "One size too small for me.",
    "changed_mind": "",
    "not_as_shown": "The colour was warmer on air than it is in daylight.",
    "damaged": "A corner was crushed when it arrived.",
}


@dataclass(frozen=True)
class Purchase:
    buyer: User
    wishes: list[Wanted]
    key: str
    on_air: bool


def order_life(source: random.Random, purchase: Purchase) -> Life:
    """Bought, paid or not, cancelled or packed, sent, kept or returned."""
    fate = source.random()
    placed = orders.place_order(
        buyer=purchase.buyer,
        address=None,
        lines=purchase.wishes,
        key=purchase.key,
        source="room" if purchase.on_air else "web",
        payment_options={"scenario": "decline"} if fate < 0.04 else None,
    )
    order = Order.objects.get(pk=placed.order_id)
    if fate < 0.04:
        yield _later(minutes=17)
        orders.expire_unpaid()
        return
    if fate < 0.09:
        yield _later(minutes=source.uniform(3, 50))
        orders.cancel_order(
            order=order, actor=acting(purchase.buyer, "buyer"), why="changed my mind"
        )
        return
    yield _later(minutes=61)
    if OrderLine.objects.filter(order=order, state="PAID_ON_HOLD").exists():
        orders.release_hold(order=order, buyer=purchase.buyer)
    yield from _parcels(source, order)
    yield from _after_delivery(source, order, purchase.buyer)


def _parcels(source: random.Random, order: Order) -> Life:
    for parcel in PurchaseOrder.objects.filter(order_ref=order.number).order_by("pk"):
        yield _later(hours=source.triangular(3, 40, 14))
        # Another hand, such as the buyer's cancellation, may have been quicker.
        parcel.refresh_from_db()
        if parcel.state != "RELEASED":
            continue
        carrier = source.choice(list(CARRIERS))
        supply.ship(
            purchase_order=parcel,
            carrier=carrier,
            tracking_number=f"{CARRIERS[carrier]}{source.randrange(10**11, 10**12)}",
            actor=_supplier_of(parcel.supplier),
        )
    for shipment in Shipment.objects.filter(purchase_order__order_ref=order.number).order_by("pk"):
        yield _later(hours=source.triangular(20, 96, 44))
        supply.record_delivery(
            shipment=shipment, actor=_supplier_of(shipment.purchase_order.supplier)
        )


def _after_delivery(source: random.Random, order: Order, buyer: User) -> Life:
    lines = list(
        order.lines.select_related(
            "order", "supplier", "listing_variant__listing__product__category"
        )
    )
    for line in lines:
        category = line.listing_variant.listing.product.category.slug
        if source.random() * 10_000 < _return_bps(line, category):
            yield _later(hours=source.uniform(6, 100))
            yield from _return(source, line, category, buyer)
            return
    if source.random() < 0.55:
        yield _later(hours=source.uniform(5, 120))
        if order.lines.filter(state__in=["SHIPPED", "DELIVERED"]).exists():
            orders.confirm_receipt(order=order, buyer=buyer)


def _return_bps(line: OrderLine, category: str) -> int:
    """The category's; more of late at the demo supplier, so that its portal has returns to show."""
    usual = RETURN_BPS.get(category, 1000)
    lately = line.order.placed_at > timezone.now() - timedelta(days=11)
    return 4 * usual if lately and line.supplier.code == DEMO_SUPPLIER else usual


def _return(source: random.Random, line: OrderLine, category: str, buyer: User) -> Life:
    line.refresh_from_db()
    if line.state != "DELIVERED":
        return
    reason = source.choice(REASONS.get(category, OTHER_REASONS))
    case = orders.open_case(
        line=line,
        buyer=buyer,
        kind="return_and_refund",
        reason=reason,
        description=WORDS[reason] or "It does not suit me after all.",
    )
    supplier = _supplier_of(line.supplier)
    yield _later(hours=source.uniform(1, 30))
    if not _is(case, "REQUESTED"):
        return
    if source.random() < 0.08:
        orders.reject_case(
            case=case,
            actor=acting(supplier, "supplier"),
            note="The seal was broken and it was used.",
        )
        return
    orders.approve_case(case=case, actor=acting(supplier, "supplier"))
    yield _later(hours=source.uniform(6, 60))
    if not _is(case, "AWAITING_RETURN"):
        return
    orders.dispatch_return(
        case=case,
        buyer=buyer,
        carrier="SF Express",
        tracking_number=f"SF{source.randrange(10**11, 10**12)}",
    )
    yield _later(hours=source.uniform(24, 80))
    parcel = ReturnParcel.objects.get(case_ref=case.number)
    supply.receive_return(parcel=parcel, actor=supplier)
    yield _later(hours=source.uniform(2, 30))
    parcel.refresh_from_db()
    if parcel.state != "RECEIVED":
        return
    accepted = source.random() > 0.06
    supply.inspect_return(
        parcel=parcel,
        accepted=accepted,
        restock=accepted and reason != "damaged",
        note="As new, label on." if accepted else "Clear signs of wear, see pictures.",
        actor=supplier,
    )


def _is(case: AfterSaleCase, state: str) -> bool:
    case.refresh_from_db()
    return case.state == state


def _supplier_of(supplier: Supplier) -> User:
    member: User = supplier.members.order_by("pk")[0]
    return member


def _later(**period: float) -> datetime:
    return clock.now() + timedelta(**period)
