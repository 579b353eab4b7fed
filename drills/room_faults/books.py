"""What is true of orders, stock and money when the drill is over."""

from __future__ import annotations

from typing import Any

from drills.room_faults.life import Buyer


def books(buyers: list[Buyer], people: list[int]) -> dict[str, Any]:
    """Orders lost and doubled, pieces oversold, entries out of balance, rules broken."""
    from django.db.models import F

    from ledger.actions import unbalanced
    from orders.audit import findings
    from orders.models import Order
    from supply.models import Stock

    told = {number for buyer in buyers for number in buyer.orders.values()}
    there = set(Order.objects.filter(buyer__in=people).values_list("number", flat=True))
    return {
        "orders": len(there),
        "orders_lost": len(told - there),
        "orders_doubled": len(there - told) + sum(buyer.doubled for buyer in buyers),
        "oversold": Stock.objects.filter(reserved__gt=F("on_hand")).count(),
        "unbalanced": len(list(unbalanced())),
        "broken_rules": [f"{finding.rule}: {finding.what}" for finding in findings()],
    }
