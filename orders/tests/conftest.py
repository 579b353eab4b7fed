"""A small market: two suppliers, an anchor with goods in a room, a buyer; and a pump for what flows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from accounts.models import Address, User
from catalog.actions import list_offer
from core import events
from core.actors import acting
from ledger.models import Account
from orders import actions
from orders.actions import Wanted
from orders.models import Order, Reservation
from orders.payments.sandbox import sender
from promotion.actions import place
from promotion.models import Placement, PlacementTerm
from supply import actions as supply
from supply.models import Offer, PurchaseOrder, ReturnParcel, Stock, Supplier


def user(name: str, **more: Any) -> User:
    return User.objects.create_user(name, f"{name}@example.com", "x", **more)


def address_of(person: User) -> Address:
    return Address.objects.create(
        user=person,
        recipient="Li Lei",
        phone="+86 138 0000 0000",
        region="Zhejiang",
        city="Hangzhou",
        street="1 West Lake Road",
        is_default=True,
    )


def selling_supplier(code: str, member: User) -> Supplier:
    supplier = Supplier.objects.create(code=code, name=code.title(), state="ACTIVE")
    supplier.members.add(member)
    return supplier


@dataclass
class Market:
    buyer: User
    anchor: User
    seller: User
    staff: User
    supplier: Supplier
    address: Address
    offer: Offer
    placement: Placement
    term: PlacementTerm
    client: Client = field(default_factory=Client)
    keys: int = 0

    def new_offer(self, sku: str, *, price: int = 10_000, on_hand: int = 10, **more: Any) -> Offer:
        values = {
            "supplier": self.supplier,
            "supply_price_minor": price * 6 // 10,
            "commission_bps": 2000,
            **more,
        }
        return supply.create_offer(
            actor=self.seller,
            sku=sku,
            product_code=sku,
            title=f"Goods {sku}",
            suggested_price_minor=price,
            on_hand=on_hand,
            **values,
        )

    def into_room(self, offer: Offer) -> PlacementTerm:
        listing = list_offer(offer=offer, actor=self.seller)
        return place(anchor=self.anchor, listing=listing, room_ref=1).terms.get()

    def wanted(self, quantity: int = 1, term: PlacementTerm | None = None) -> Wanted:
        term = term or self.term
        return Wanted(
            quantity=quantity,
            placement_id=term.placement_id,
            variant_id=term.listing_variant_id,
        )

    def order(self, *lines: Wanted, key: str = "", scenario: str = "", **more: Any) -> Order:
        self.keys += 1
        placed = actions.place_order(
            buyer=more.pop("buyer", self.buyer),
            address=more.pop("address", None),
            lines=list(lines) or [self.wanted()],
            key=key or f"key-{self.keys}",
            source="test",
            payment_options={"scenario": scenario} if scenario else None,
        )
        return Order.objects.get(pk=placed.order_id)

    def paid(self, *lines: Wanted, **more: Any) -> Order:
        order = self.order(*lines, **more)
        self.pump()
        return order

    def allocated(self, *lines: Wanted) -> Order:
        order = self.paid(*lines)
        actions.release_hold(order=order, buyer=self.buyer)
        self.pump()
        return order

    def delivered(self, *lines: Wanted) -> Order:
        order = self.allocated(*lines)
        for purchase in PurchaseOrder.objects.filter(order_ref=order.number):
            parcel = supply.ship(
                purchase_order=purchase,
                carrier="SF",
                tracking_number=f"SF{purchase.pk}",
                actor=self.seller,
            )
            supply.record_delivery(shipment=parcel, actor=self.seller)
        self.pump()
        return order

    def returned(self, order: Order, quantity: int | None = None) -> Any:
        """A case brought to the point where the supplier has the parcel."""
        case = actions.open_case(
            line=order.lines.get(),
            buyer=self.buyer,
            kind="return_and_refund",
            reason="changed_mind",
            quantity=quantity,
        )
        actions.approve_case(case=case, actor=acting(self.seller, "supplier"))
        actions.dispatch_return(
            case=case, buyer=self.buyer, carrier="ZTO", tracking_number=f"Z{case.pk}"
        )
        supply.receive_return(
            parcel=ReturnParcel.objects.get(case_ref=case.number), actor=self.seller
        )
        self.pump()
        case.refresh_from_db()
        return case

    def inspected(self, case: Any, *, accepted: bool = True) -> None:
        supply.inspect_return(
            parcel=ReturnParcel.objects.get(case_ref=case.number),
            accepted=accepted,
            restock=accepted,
            note="as new" if accepted else "worn",
            actor=self.seller,
        )
        self.pump()
        case.refresh_from_db()

    def pump(self, rounds: int = 6) -> None:
        """What relay, worker and scheduler do, until nothing moves."""
        for _ in range(rounds):
            actions.repair_payments()
            moved = sender.send_due() + actions.process_webhooks() + events.deliver_due(1000)
            if not moved:
                return

    def stock(self, offer: Offer | None = None) -> tuple[int, int]:
        row = Stock.objects.get(offer=offer or self.offer)
        return row.on_hand, row.reserved


def states_of(order: Order) -> list[str]:
    return list(order.lines.order_by("id").values_list("state", flat=True))


def balances() -> dict[str, int]:
    """Account kind and owner to balance, zeros left out."""
    return {
        f"{row.owner_kind} {row.kind}": row.balance_minor
        for row in Account.objects.with_balance()
        if row.balance_minor
    }


def promised() -> dict[int, int]:
    """What open reservations promise, by offer: what `Stock.reserved` has to be."""
    sums: dict[int, int] = {}
    for row in Reservation.objects.filter(state__in=["held", "committed"]):
        sums[row.offer_id] = sums.get(row.offer_id, 0) + row.quantity
    return sums


@pytest.fixture(autouse=True)
def _webhooks_reach_our_own_endpoint(monkeypatch):
    def post(path: str, body: bytes, headers: Mapping[str, str]) -> int:
        answer = Client().post(path, body, content_type="application/json", headers=dict(headers))
        return answer.status_code

    monkeypatch.setattr(sender, "post", post)


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch):
    """Repair takes over at once, because on_commit does not run inside a test's transaction."""
    from datetime import timedelta

    from orders.actions import repair

    monkeypatch.setattr(repair, "GRACE", timedelta(0))


def build_market() -> Market:
    buyer, anchor, seller = user("buyer"), user("anchor"), user("seller")
    staff = user("staff", is_staff=True, is_superuser=True)
    supplier = selling_supplier("silk", seller)
    market = Market(
        buyer=buyer,
        anchor=anchor,
        seller=seller,
        staff=staff,
        supplier=supplier,
        address=address_of(buyer),
        offer=None,  # type: ignore[arg-type]
        placement=None,  # type: ignore[arg-type]
        term=None,  # type: ignore[arg-type]
    )
    market.offer = market.new_offer("SCARF")
    market.term = market.into_room(market.offer)
    market.placement = market.term.placement
    market.client.force_login(buyer)
    return market


@pytest.fixture
def market(db) -> Market:
    return build_market()
