"""The one lock of an order's affairs: its row. Whoever moves anything of an order takes it first."""

from __future__ import annotations

from django.db import connection
from django.utils.translation import gettext as _

from core.errors import NotFound
from orders.models import Order


def lock_order(order_id: int) -> Order:
    """The order's row, locked until the transaction ends. Raises NotFound."""
    order = Order.objects.select_for_update(no_key=True).filter(pk=order_id).first()
    if order is None:
        raise NotFound(_("There is no such order."))
    return order


def lock_order_by_number(number: str) -> Order | None:
    """As `lock_order`, by the public number; None when there is no such order."""
    return Order.objects.select_for_update(no_key=True).filter(number=number).first()


def try_lock_order(order_id: int) -> Order | None:
    """As `lock_order`, but None at once when another transaction holds it."""
    return (
        Order.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=order_id).first()
    )


def limit_waiting(milliseconds: int) -> None:
    """No statement of this transaction waits longer than that for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{milliseconds}ms"])
