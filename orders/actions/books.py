"""How orders write the ledger: paid, matured, refunded. All of it in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Sum

from core.money import share_of
from ledger import owners
from ledger.actions import Line, line, post
from ledger.models import Entry, Kind
from orders.models import Order, OrderLine, PaymentIntent, Refund


@dataclass(frozen=True, slots=True)
class Shares:
    """How an amount paid for goods divides, in minor units; the three sum to the amount."""

    supplier: int
    commission: int
    platform: int

    def __sub__(self, other: Shares) -> Shares:
        return Shares(
            self.supplier - other.supplier,
            self.commission - other.commission,
            self.platform - other.platform,
        )


def shares_of(item: OrderLine) -> Shares:
    """The whole line's division under the terms it was bought with.

    A coupon is the anchor's gift: it lessens the commission alone, supplier and platform get what
    they would without it.
    """
    goods = item.goods_minor
    supplier = item.supply_price_minor * item.quantity
    commission = share_of(goods, item.commission_bps) if item.anchor_id else 0
    return Shares(supplier, commission - item.discount_minor, goods - supplier - commission)


def most_discount(item: OrderLine) -> int:
    """The most that the anchor can take off the line: the commission, and of no piece all of it."""
    return max(0, min(shares_of(item).commission, item.total_minor - item.quantity))


def shares_refunded(item: OrderLine, amount_minor: int) -> Shares:
    """The part of the line's shares that goes back when `amount_minor` in all has gone back.

    Supplier's and anchor's parts are rounded down and the platform bears the odd minor units, so
    a further refund never gives either of them back what an earlier one took.
    """
    whole, paid = shares_of(item), item.total_minor
    supplier = whole.supplier * amount_minor // paid
    commission = whole.commission * amount_minor // paid
    return Shares(supplier, commission, amount_minor - supplier - commission)


def refunded_minor(item: OrderLine) -> int:
    """What the provider has sent back for this line so far."""
    done = item.refunds.filter(state="SUCCEEDED").aggregate(total=Sum("amount_minor"))
    return done["total"] or 0


def commission_left(item: OrderLine) -> int:
    """The anchor's part that no refund has taken back."""
    return (shares_of(item) - shares_refunded(item, refunded_minor(item))).commission


def post_paid(*, order: Order, intent: PaymentIntent, lines: Sequence[OrderLine]) -> Entry:
    """Dr clearing the total; Cr supplier, estimated commission, shipping; Cr platform the rest."""
    currency = order.currency
    postings = [line(owners.PLATFORM, Kind.PROVIDER_CLEARING, intent.amount_minor, currency)]
    for item in lines:
        postings += _credit(item, shares_of(item), Kind.COMMISSION_ESTIMATED, sign=-1)
    postings.append(line(owners.PLATFORM, Kind.SHIPPING_FEE, -order.shipping_minor, currency))
    return post(
        kind="order.paid",
        key=f"payment:{intent.key}",
        reference=order.number,
        postings=postings,
    )


def post_unapplied(*, order: Order, intent: PaymentIntent) -> Entry:
    """Money that came for an order which can no longer be filled: owed back to the buyer."""
    return post(
        kind="payment.unapplied",
        key=f"payment:{intent.key}",
        reference=order.number,
        postings=[
            line(owners.PLATFORM, Kind.PROVIDER_CLEARING, intent.amount_minor, order.currency),
            line(owners.PLATFORM, Kind.REFUND_PAYABLE, -intent.amount_minor, order.currency),
        ],
    )


def post_matured(*, order: Order, item: OrderLine) -> int:
    """Estimated commission becomes payable; returns the amount (0: nothing was posted)."""
    amount = commission_left(item)
    if amount > 0:
        anchor = owners.anchor(item.anchor_id or 0)
        post(
            kind="commission.matured",
            key=_matured_key(item),
            reference=order.number,
            postings=[
                line(anchor, Kind.COMMISSION_ESTIMATED, amount, order.currency),
                line(anchor, Kind.COMMISSION_PAYABLE, -amount, order.currency),
            ],
        )
    return amount


def post_refunded(*, order: Order, refund: Refund) -> int:
    """Reverse the payment pro rata; returns the commission taken back.

    Must run before `refund` counts as SUCCEEDED. The shares of all refunds so far and this one are
    computed together and what was posted before is taken off, so any sequence of parts reverses
    the line exactly to the minor unit.
    """
    paid = Entry.objects.get(key=f"payment:{refund.intent.key}")
    postings = [
        line(owners.PLATFORM, Kind.PROVIDER_CLEARING, -refund.amount_minor, refund.currency)
    ]
    commission = 0
    if refund.line is None:
        postings.append(
            line(owners.PLATFORM, Kind.REFUND_PAYABLE, refund.amount_minor, refund.currency)
        )
    else:
        item = refund.line
        before = refunded_minor(item)
        part = shares_refunded(item, before + refund.amount_minor) - shares_refunded(item, before)
        matured = Entry.objects.filter(key=_matured_key(item)).exists()
        kind = Kind.COMMISSION_PAYABLE if matured else Kind.COMMISSION_ESTIMATED
        postings += _credit(item, part, kind, sign=1)
        commission = part.commission
    post(
        kind="order.refunded",
        key=f"refund:{refund.key}",
        reference=order.number,
        postings=postings,
        memo=refund.reason,
        reverses=paid,
    )
    return commission


def _credit(item: OrderLine, shares: Shares, commission: str, *, sign: int) -> list[Line]:
    currency = item.order.currency
    return [
        line(
            owners.supplier(item.supplier.code),
            Kind.SUPPLIER_PAYABLE,
            sign * shares.supplier,
            currency,
        ),
        line(owners.anchor(item.anchor_id or 0), commission, sign * shares.commission, currency),
        line(owners.PLATFORM, Kind.PLATFORM_FEE, sign * shares.platform, currency),
    ]


def _matured_key(item: OrderLine) -> str:
    return f"matured:{item.pk}"
