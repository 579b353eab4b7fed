"""What the API takes and gives. Amounts are minor units of `currency`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import Field

from core.schemas import Body
from orders.actions import Placed, Priced
from orders.models import AfterSaleCase, OrderLine


class WantedIn(Body):
    """Either `placement_id` and `variant_id` (from a room), or `listing_variant_id`.

    `flash_id` insists on the price of that flash sale; without it a sale that runs still counts.
    """

    quantity: int = 1
    placement_id: int | None = None
    variant_id: int | None = None
    listing_variant_id: int | None = None
    flash_id: int | None = None


class PaymentIn(Body):
    """`scenario` steers the sandbox: success, decline, three_ds, delay, duplicate, disorder, …

    `method` is the provider's: a payment method of Stripe (`pm_…`), or `page`, `wap` or `qr` of Alipay.
    """

    scenario: str | None = Field(None, max_length=20)
    method: str | None = Field(None, max_length=80, pattern="^[A-Za-z0-9_]+$")

    def options(self) -> dict[str, Any]:
        wishes = {"scenario": self.scenario, "method": self.method}
        return {name: value for name, value in wishes.items() if value}


class PlaceIn(Body):
    lines: list[WantedIn] = Field(..., max_length=100)
    address: int | None = Field(None, description="One of your addresses; default: your default.")
    payment: PaymentIn = Field(default_factory=lambda: PaymentIn(scenario=None, method=None))
    coupon_id: int | None = Field(
        None, description="A coupon you have claimed; 0 for none; default: the one that saves most."
    )
    agreed_minor: int | None = Field(
        None, ge=0, description="The total you saw: the order never costs more (price_changed)."
    )


class QuoteIn(Body):
    lines: list[WantedIn] = Field(..., max_length=100)
    coupon_id: int | None = None


class QuoteLineOut(Schema):
    """`usual_price_minor` is what one costs outside of the flash sale `flash_id`."""

    quantity: int
    unit_price_minor: int
    usual_price_minor: int
    discount_minor: int
    total_minor: int
    flash_id: int | None


class QuoteOut(Schema):
    """What an order would cost now; stock is not asked. `coupon_id` is the coupon it would use."""

    goods_minor: int
    discount_minor: int
    total_minor: int
    currency: str
    coupon_id: int | None
    lines: list[QuoteLineOut]

    @classmethod
    def of(cls, basket: Priced) -> QuoteOut:
        return cls(
            goods_minor=basket.goods_minor,
            discount_minor=basket.goods_minor - basket.total_minor,
            total_minor=basket.total_minor,
            currency=basket.currency,
            coupon_id=basket.discount.coupon_id if basket.discount else None,
            lines=[
                QuoteLineOut(
                    quantity=item.quantity,
                    unit_price_minor=item.unit_price_minor,
                    usual_price_minor=terms.usual_price_minor,
                    discount_minor=item.discount_minor,
                    total_minor=item.total_minor,
                    flash_id=item.flash_id,
                )
                for item, terms in zip(basket.lines, basket.terms, strict=True)
            ],
        )


class PaymentOut(Schema):
    """`kind`: done, wait, redirect (to `url`) or failed."""

    kind: str
    url: str = ""


class PlacedOut(Schema):
    number: str
    total_minor: int
    discount_minor: int
    currency: str
    payment_state: str
    payment: PaymentOut

    @classmethod
    def of(cls, placed: Placed) -> PlacedOut:
        return cls(
            number=placed.number,
            total_minor=placed.total_minor,
            discount_minor=placed.discount_minor,
            currency=placed.currency,
            payment_state=placed.payment_state,
            payment=PaymentOut(kind=placed.payment.kind, url=placed.payment.url),
        )


class LineOut(Schema):
    id: int
    title: str
    option_label: str
    quantity: int
    unit_price_minor: int
    discount_minor: int
    total_minor: int
    state: str
    placement_id: int | None
    flash_id: int | None


class OrderOut(Schema):
    number: str
    status: str
    placed_at: datetime
    currency: str
    goods_minor: int
    discount_minor: int
    total_minor: int
    lines: list[LineOut]


class PaymentAttemptOut(Schema):
    provider: str
    state: str
    amount_minor: int
    failure: str


class RefundOut(Schema):
    line_id: int | None
    quantity: int
    amount_minor: int
    currency: str
    state: str


class OrderDetailOut(OrderOut):
    shipping_minor: int
    ship_to: dict[str, Any]
    payments: list[PaymentAttemptOut]
    refunds: list[RefundOut]


class SoldLineOut(Schema):
    """What an anchor sees of a sale: neither the buyer nor the supplier's price.

    `discount_minor` is a coupon that came out of the anchor's commission.
    """

    id: int
    order: str
    title: str
    option_label: str
    quantity: int
    unit_price_minor: int
    discount_minor: int
    total_minor: int
    currency: str
    commission_bps: int
    flash_id: int | None
    state: str
    placed_at: datetime

    @staticmethod
    def resolve_order(line: OrderLine) -> str:
        return line.order.number

    @staticmethod
    def resolve_currency(line: OrderLine) -> str:
        return line.order.currency

    @staticmethod
    def resolve_placed_at(line: OrderLine) -> datetime:
        return line.order.placed_at


class CaseIn(Body):
    kind: str
    reason: str
    description: str = Field("", max_length=2000)
    quantity: int | None = None


class TextIn(Body):
    text: str = Field("", max_length=2000)


class DecisionIn(Body):
    note: str = Field("", max_length=2000)


class DispatchIn(Body):
    carrier: str = Field(..., max_length=40)
    tracking_number: str = Field(..., max_length=60)


class NoteOut(Schema):
    role: str
    text: str
    at: datetime


class CaseOut(Schema):
    number: str
    order: str
    line_id: int
    kind: str
    reason: str
    description: str
    quantity: int
    amount_minor: int
    currency: str
    fault: str
    state: str
    opened_at: datetime
    deadline: datetime | None
    notes: list[NoteOut]

    @staticmethod
    def resolve_order(case: AfterSaleCase) -> str:
        return case.line.order.number

    @staticmethod
    def resolve_currency(case: AfterSaleCase) -> str:
        return case.line.order.currency

    @staticmethod
    def resolve_deadline(case: AfterSaleCase) -> datetime | None:
        return case.deadline
