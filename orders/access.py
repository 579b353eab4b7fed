"""Fetching with a role: the buyer's own, or the supplier's side of a case. A foreign one is missing."""

from __future__ import annotations

from typing import Any

from core.errors import NotFound
from core.ids import is_public_number
from orders.models import AfterSaleCase, Order, OrderLine


def seen_order(user: Any, number: str) -> Order:
    """An order that `user` may read. Raises NotFound."""
    return Order.objects.fetch(user, number=_typed(number))


def own_order(user: Any, number: str) -> Order:
    """An order that `user` bought. Raises NotFound."""
    return Order.objects.bought_by(user).fetch(user, number=_typed(number))


def own_line(user: Any, line_id: int) -> OrderLine:
    """A line of an order that `user` bought. Raises NotFound."""
    return OrderLine.objects.filter(order__buyer=user).fetch(user, pk=line_id)


def seen_case(user: Any, number: str) -> AfterSaleCase:
    """A case that `user` is a side of. Raises NotFound."""
    return AfterSaleCase.objects.fetch(user, number=_typed(number))


def own_case(user: Any, number: str) -> AfterSaleCase:
    """A case that `user` opened as the buyer. Raises NotFound."""
    mine = AfterSaleCase.objects.filter(line__order__buyer=user)
    return mine.fetch(user, number=_typed(number))


def case_of_supplier(user: Any, number: str) -> AfterSaleCase:
    """A case against a supplier that `user` works for. Raises NotFound."""
    return AfterSaleCase.objects.against(user).fetch(user, number=_typed(number))


def _typed(number: str) -> str:
    """A number in capitals; what cannot be one never reaches the database."""
    if not is_public_number(number):
        raise NotFound("There is no such number.")
    return number.upper()
