"""A market inside a running stack, built by the product's own actions; runs through `Stack.shell`."""

from __future__ import annotations

import json
from typing import Any

PASSWORD = "a-good-long-password"


def open_market(*, buyers: int = 1, stock: int = 20, price_minor: int = 9_900) -> None:
    """A supplier with one listed offer, its clerk, an admin, and buyers with addresses and tokens.

    Prints one JSON line: {"listing_variant", "offer", "supplier", "tokens": [...]}.
    """
    from accounts.actions import issue_token, save_address
    from accounts.models import User
    from catalog.actions import list_offer
    from catalog.models import ListingVariant
    from supply import actions as supply

    admin = User.objects.create_superuser("market-admin", "admin@example.com", PASSWORD)
    clerk = User.objects.create_user("clerk", "clerk@example.com", PASSWORD)
    supplier = supply.apply_as_supplier(user=clerk, name="Morning Kiln")
    supply.admit(supplier=supplier, actor=admin, why="known to the test")
    offer = supply.create_offer(
        supplier=supplier,
        actor=clerk,
        sku="MUG-1",
        product_code="MUG",
        title="Stoneware mug",
        description="Holds 350 ml and its heat.",
        supply_price_minor=price_minor * 6 // 10,
        suggested_price_minor=price_minor,
        commission_bps=1500,
        on_hand=stock,
    )
    list_offer(offer=offer, actor=clerk)
    tokens = []
    for number in range(buyers):
        buyer = User.objects.create_user(f"buyer{number}", f"b{number}@example.com", PASSWORD)
        save_address(user=buyer, fields=address_of(f"Buyer {number}"))
        tokens.append(issue_token(user=buyer, name="test")[1])
    _say(
        listing_variant=ListingVariant.objects.get(offer=offer).pk,
        offer=offer.pk,
        supplier=supplier.code,
        tokens=tokens,
    )


def address_of(recipient: str) -> dict[str, Any]:
    return {
        "recipient": recipient,
        "phone": "+86 138 0000 0000",
        "country": "CN",
        "region": "Zhejiang",
        "city": "Hangzhou",
        "street": "1 West Lake Road",
        "is_default": True,
    }


def audit() -> None:
    """What the books say now, as one JSON line."""
    from django.db.models import Sum

    from core.models import IdempotencyRecord, OutboxEvent
    from ledger.models import Posting
    from orders.models import Order, OrderLine, PaymentIntent, Reservation, SandboxCharge
    from supply.models import Stock

    stock = Stock.objects.get()
    open_reservations = Reservation.objects.filter(state__in=["held", "committed"])
    _say(
        orders=list(Order.objects.values_list("number", flat=True)),
        lines=dict(_counts(OrderLine, "state")),
        keys=IdempotencyRecord.objects.count(),
        on_hand=stock.on_hand,
        reserved=stock.reserved,
        promised=open_reservations.aggregate(sum=Sum("quantity"))["sum"] or 0,
        paid=PaymentIntent.objects.filter(state="SUCCEEDED").count(),
        charged=SandboxCharge.objects.filter(status="succeeded").count(),
        ledger=Posting.objects.aggregate(sum=Sum("amount_minor"))["sum"] or 0,
        unbalanced=Posting.objects.values("entry")
        .annotate(sum=Sum("amount_minor"))
        .exclude(sum=0)
        .count(),
        payments_booked=Posting.objects.filter(
            entry__kind="order.paid", amount_minor__gt=0
        ).count(),
        waiting=OutboxEvent.objects.filter(delivered_at__isnull=True).count(),
    )


def balances() -> None:
    """Every account's balance, the stock and the money paid and refunded, as one JSON line."""
    from django.db.models import Sum

    from ledger.models import Account, Posting
    from orders.models import PaymentIntent, Refund
    from supply.models import Stock

    stock = Stock.objects.get()
    accounts = Account.objects.annotate(sum=Sum("postings__amount_minor"))
    entries = Posting.objects.values("entry").annotate(sum=Sum("amount_minor"))
    _say(
        balances={str(account): account.sum or 0 for account in accounts},
        ledger=Posting.objects.aggregate(sum=Sum("amount_minor"))["sum"] or 0,
        unbalanced=entries.exclude(sum=0).count(),
        stock=[stock.on_hand, stock.reserved],
        paid=_total(PaymentIntent),
        refunded=_total(Refund),
    )


def _total(model: Any) -> int:
    from django.db.models import Sum

    return model.objects.filter(state="SUCCEEDED").aggregate(sum=Sum("amount_minor"))["sum"] or 0


def _counts(model: Any, column: str) -> list[tuple[str, int]]:
    from django.db.models import Count

    return list(model.objects.values_list(column).annotate(Count("pk")).order_by(column))


def _say(**facts: Any) -> None:
    print("MARKET " + json.dumps(facts))


def heard(output: str) -> dict[str, Any]:
    """The facts that a function above printed."""
    line = next(line for line in output.splitlines() if line.startswith("MARKET "))
    facts: dict[str, Any] = json.loads(line.removeprefix("MARKET "))
    return facts
