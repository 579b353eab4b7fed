"""What was sold and what stayed sold, as one annotated query that every number here starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, Count, Exists, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from core.money import format_money
from orders.models import OrderLine, PaymentIntent, Refund


@dataclass(frozen=True, slots=True)
class Sales:
    """Sums over paid lines in one currency, amounts in minor units.

    `gmv_minor` is what buyers paid for goods; `kept_minor` is what refunds have not taken back.
    """

    currency: str
    orders: int
    buyers: int
    pieces: int
    gmv_minor: int
    refunded_minor: int

    @property
    def kept_minor(self) -> int:
        return self.gmv_minor - self.refunded_minor

    @property
    def kept_bps(self) -> int:
        """Share that stayed sold, in basis points; all of it when nothing was sold."""
        return self.kept_minor * 10_000 // self.gmv_minor if self.gmv_minor else 10_000

    def wire(self, locale: str) -> dict[str, Any]:
        """The form of the API: amounts with their text in the reader's language."""
        return {
            "currency": self.currency,
            "orders": self.orders,
            "buyers": self.buyers,
            "pieces": self.pieces,
            "gmv": money(self.gmv_minor, self.currency, locale),
            "refunded": money(self.refunded_minor, self.currency, locale),
            "kept": money(self.kept_minor, self.currency, locale),
        }


def money(minor: int, currency: str, locale: str) -> dict[str, Any]:
    return {"minor": minor, "currency": currency, "text": format_money(minor, currency, locale)}


def paid_lines() -> QuerySet[OrderLine]:
    """Lines of orders that were paid, with `value_minor` and `refunded_minor`."""
    paid = PaymentIntent.objects.filter(order=OuterRef("order"), state="SUCCEEDED")
    refunded = (
        Refund.objects.filter(line=OuterRef("pk"), state="SUCCEEDED")
        .order_by()
        .values("line")
        .annotate(total=Sum("amount_minor"))
        .values("total")
    )
    return (
        OrderLine.objects.filter(Exists(paid))
        .exclude(state__in=["PENDING_PAYMENT", "EXPIRED"])
        .annotate(
            value_minor=F("unit_price_minor") * F("quantity") - F("discount_minor"),
            refunded_minor=Coalesce(
                Subquery(refunded, output_field=BigIntegerField()),
                0,
                output_field=BigIntegerField(),
            ),
        )
    )


SUMS: dict[str, Any] = {
    "orders_": Count("order", distinct=True),
    "buyers_": Count("order__buyer", distinct=True),
    "pieces_": Sum("quantity"),
    "gmv_": Sum("value_minor"),
    "refunded_": Sum("refunded_minor"),
}


def sales(lines: QuerySet[OrderLine]) -> list[Sales]:
    """Sums of `paid_lines()`, one for each currency, the largest first."""
    rows = lines.order_by().values(currency=F("order__currency")).annotate(**SUMS).order_by("-gmv_")
    return [_sales(row) for row in rows]


def sales_by(lines: QuerySet[OrderLine], key: str) -> dict[Any, list[Sales]]:
    """As `sales`, for each value of the column `key`."""
    found: dict[Any, list[Sales]] = {}
    for row in (
        lines.order_by()
        .values(key, currency=F("order__currency"))
        .annotate(**SUMS)
        .order_by("-gmv_")
    ):
        found.setdefault(row[key], []).append(_sales(row))
    return found


def _sales(row: dict[str, Any]) -> Sales:
    return Sales(
        currency=row["currency"],
        orders=row["orders_"],
        buyers=row["buyers_"],
        pieces=row["pieces_"],
        gmv_minor=row["gmv_"],
        refunded_minor=row["refunded_"],
    )
