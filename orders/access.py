"""Fetching with a role: the buyer's own, or the supplier's side of a case. A foreign one is missing."""

from __future__ import annotations

from typing import Any

from orders.models import AfterSaleCase, Order, OrderLine


def own_order(user: Any, number: str) -> Order:
    """An order that `user` bought. Raises NotFound."""
    return Order.objects.bought_by(user).fetch(user, number=number)


def own_line(user: Any, line_id: int) -> OrderLine:
    """A line of an order that `user` bought. Raises NotFound."""
    return OrderLine.objects.filter(order__buyer=user).fetch(user, pk=line_id)


def own_case(user: Any, number: str) -> AfterSaleCase:
    """A case that `user` opened as the buyer. Raises NotFound."""
    return AfterSaleCase.objects.filter(line__order__buyer=user).fetch(user, number=number)


def case_of_supplier(user: Any, number: str) -> AfterSaleCase:
    """A case against a supplier that `user` works for. Raises NotFound."""
    return AfterSaleCase.objects.against(user).fetch(user, number=number)
