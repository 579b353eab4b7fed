"""HTTP API of supply: for the members of a supplier. Amounts are minor units, rates basis points."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from ninja.pagination import CursorPagination, paginate

from accounts.caller import caller
from core.schemas import Body
from supply import actions
from supply.models import Offer, PurchaseOrder, ReturnParcel, Shipment, Supplier

router = Router(tags=["supply"])
Newest = {"ordering": ("-id",), "page_size": 50}


class SupplierOut(Schema):
    id: int
    code: str
    name: str
    state: str
    may_sell: bool


class OfferOut(Schema):
    id: int
    supplier_id: int
    sku: str
    product_code: str
    title: str
    brand: str
    description: str
    option_values: dict[str, str]
    currency: str
    supply_price_minor: int
    suggested_price_minor: int
    commission_bps: int
    dispatch_hours: int
    status: str
    on_hand: int = Field(alias="stock.on_hand")
    reserved: int = Field(alias="stock.reserved")
    available: int = Field(alias="stock.available")


class OfferIn(Body):
    sku: str
    product_code: str
    title: str
    brand: str = ""
    description: str = ""
    option_values: dict[str, str] = {}
    currency: str = "CNY"
    supply_price_minor: int
    suggested_price_minor: int
    commission_bps: int
    dispatch_hours: int = 48
    on_hand: int = 0


class OfferChange(Body):
    """Only what is sent is changed."""

    sku: str = ""
    title: str = ""
    brand: str = ""
    description: str = ""
    option_values: dict[str, str] = {}
    supply_price_minor: int = 0
    suggested_price_minor: int = 0
    commission_bps: int = 0
    dispatch_hours: int = 0


class StockIn(Body):
    on_hand: int
    why: str = Field("counted", max_length=200)


class StockOut(Schema):
    on_hand: int
    reserved: int
    available: int


class ShipmentOut(Schema):
    id: int
    carrier: str
    tracking_number: str
    shipped_at: datetime
    delivered_at: datetime | None


class PurchaseLineOut(Schema):
    offer_id: int
    sku: str = Field(alias="offer.sku")
    title: str
    option_values: dict[str, str] = Field(alias="offer.option_values")
    quantity: int
    supply_price_minor: int
    currency: str = Field(alias="offer.currency")
    cancelled: bool


class PurchaseOrderOut(Schema):
    number: str
    supplier_id: int
    order_ref: str
    state: str
    ship_to: dict[str, str]
    dispatch_due_at: datetime
    created_at: datetime
    lines: list[PurchaseLineOut]
    shipments: list[ShipmentOut]


class ShipIn(Body):
    carrier: str
    tracking_number: str


class ReturnOut(Schema):
    id: int
    supplier_id: int
    case_ref: str
    order_ref: str
    offer_id: int
    title: str
    quantity: int
    reason: str
    carrier: str
    tracking_number: str
    state: str
    restocked: bool
    inspection_note: str


class InspectIn(Body):
    accepted: bool
    restock: bool = False
    note: str = Field("", max_length=2000)


@router.get("/suppliers", response=list[SupplierOut], summary="Suppliers I work for")
def suppliers(request: HttpRequest) -> Any:
    return Supplier.objects.of_member(caller(request))


@router.get(
    "/suppliers/{supplier_id}/offers", response=list[OfferOut], summary="A supplier's offers"
)
@paginate(CursorPagination, **Newest)
def offers(request: HttpRequest, supplier_id: int, sku: str = "", product_code: str = "") -> Any:
    supplier = Supplier.objects.fetch(caller(request), pk=supplier_id)
    found = Offer.objects.filter(supplier=supplier).select_related("stock")
    if sku:
        found = found.filter(sku=sku)
    if product_code:
        found = found.filter(product_code=product_code)
    return found


@router.post("/suppliers/{supplier_id}/offers", response={201: OfferOut}, summary="Offer a new SKU")
def create_offer(request: HttpRequest, supplier_id: int, body: OfferIn) -> Any:
    """The SKU makes a second call harmless: it is refused with 409 `sku_taken`."""
    user = caller(request)
    supplier = Supplier.objects.fetch(user, pk=supplier_id)
    return Status(201, actions.create_offer(supplier=supplier, actor=user, **body.dict()))


def _offer(request: HttpRequest, offer_id: int) -> Offer:
    return Offer.objects.select_related("stock", "supplier").fetch(caller(request), pk=offer_id)


@router.get("/offers/{offer_id}", response=OfferOut, summary="One offer")
def offer(request: HttpRequest, offer_id: int) -> Any:
    return _offer(request, offer_id)


@router.patch("/offers/{offer_id}", response=OfferOut, summary="Change an offer")
def update_offer(request: HttpRequest, offer_id: int, body: OfferChange) -> Any:
    """What is in a room keeps the terms it was placed with."""
    actions.update_offer(
        offer=_offer(request, offer_id),
        actor=caller(request),
        **body.dict(exclude_unset=True),
    )
    return _offer(request, offer_id)


@router.delete("/offers/{offer_id}", response=OfferOut, summary="Withdraw an offer")
def withdraw_offer(request: HttpRequest, offer_id: int) -> Any:
    return actions.withdraw_offer(offer=_offer(request, offer_id), actor=caller(request))


@router.put("/offers/{offer_id}/stock", response=StockOut, summary="Set the counted stock")
def set_stock(request: HttpRequest, offer_id: int, body: StockIn) -> Any:
    """Sets an absolute number, so a repeated call does no harm."""
    return actions.set_stock(
        offer=_offer(request, offer_id), actor=caller(request), on_hand=body.on_hand, why=body.why
    )


def _orders(request: HttpRequest) -> Any:
    found = PurchaseOrder.objects.for_actor(caller(request))
    return found.prefetch_related("lines__offer", "shipments")


@router.get(
    "/purchase-orders", response=list[PurchaseOrderOut], summary="What to ship, newest first"
)
@paginate(CursorPagination, **Newest)
def purchase_orders(
    request: HttpRequest,
    state: str = Query("", description="RELEASED, SHIPPED, DELIVERED or CANCELLED"),
    supplier_id: int | None = None,
) -> Any:
    found = _orders(request)
    if state:
        found = found.filter(state=state)
    if supplier_id is not None:
        found = found.filter(supplier=supplier_id)
    return found


@router.get("/purchase-orders/{number}", response=PurchaseOrderOut, summary="One purchase order")
def purchase_order(request: HttpRequest, number: str) -> Any:
    return _orders(request).fetch(request.user, number=number)


@router.post("/purchase-orders/{number}/ship", response=PurchaseOrderOut, summary="It has left")
def ship(request: HttpRequest, number: str, body: ShipIn) -> Any:
    """A second call is refused with 409 `illegal_move`."""
    order = PurchaseOrder.objects.fetch(caller(request), number=number)
    actions.ship(purchase_order=order, actor=request.user, **body.dict())
    return purchase_order(request, number)


@router.post(
    "/purchase-orders/{number}/shipments/{shipment_id}/delivered",
    response=PurchaseOrderOut,
    summary="It has arrived",
)
def delivered(request: HttpRequest, number: str, shipment_id: int) -> Any:
    shipment = Shipment.objects.filter(purchase_order__number=number).fetch(
        caller(request), pk=shipment_id
    )
    actions.record_delivery(shipment=shipment, actor=request.user)
    return purchase_order(request, number)


@router.get("/returns", response=list[ReturnOut], summary="Parcels that come back, newest first")
@paginate(CursorPagination, **Newest)
def returns(request: HttpRequest, state: str = "") -> Any:
    found = ReturnParcel.objects.for_actor(caller(request))
    return found.filter(state=state) if state else found


@router.post("/returns/{parcel_id}/receive", response=ReturnOut, summary="It is here")
def receive(request: HttpRequest, parcel_id: int) -> Any:
    parcel = ReturnParcel.objects.fetch(caller(request), pk=parcel_id)
    return actions.receive_return(parcel=parcel, actor=request.user)


@router.post("/returns/{parcel_id}/inspect", response=ReturnOut, summary="Accept or dispute it")
def inspect(request: HttpRequest, parcel_id: int, body: InspectIn) -> Any:
    parcel = ReturnParcel.objects.fetch(caller(request), pk=parcel_id)
    return actions.inspect_return(parcel=parcel, actor=request.user, **body.dict())
