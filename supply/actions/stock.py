"""Stock: each change is one conditional UPDATE of one row, and the CHECK has the last word.

All of these lock the stock row until the transaction ends. Call them last, and for several offers
in ascending offer id, so that transactions wait for each other in one order and only briefly.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from core.errors import Conflict, Invalid, NotFound
from core.events import publish
from supply.actions.people import actor_of
from supply.events import StockChanged
from supply.models import Offer, Stock, StockAdjustment

# PostgreSQL's integer.
MAX_ON_HAND = 2_147_483_647


def reserve_stock(*, offer_id: int, quantity: int) -> bool:
    """Promise `quantity` units; False (and nothing changed) when fewer are available.

    Never reads before it writes: of any number of buyers at once, exactly as many succeed as
    there are units. Publishes StockChanged. Raises Invalid for a quantity below one.
    """
    _positive(quantity)
    return _change(
        "UPDATE supply_stock SET reserved = reserved + %(quantity)s"
        " WHERE offer_id = %(offer_id)s AND on_hand - reserved >= %(quantity)s"
        " RETURNING on_hand - reserved",
        offer_id,
        quantity,
    )


def release_stock(*, offer_id: int, quantity: int) -> None:
    """Take back a promise. Publishes StockChanged. Raises Conflict when less is reserved."""
    _positive(quantity)
    if not _change(
        "UPDATE supply_stock SET reserved = reserved - %(quantity)s"
        " WHERE offer_id = %(offer_id)s AND reserved >= %(quantity)s"
        " RETURNING on_hand - reserved",
        offer_id,
        quantity,
    ):
        raise Conflict(_("Less than that is reserved."), code="not_reserved")


def consume_stock(*, offer_id: int, quantity: int) -> None:
    """Promised units leave the house: `on_hand` and `reserved` fall together.

    Publishes StockChanged. Raises Conflict when less is reserved.
    """
    _positive(quantity)
    if not _change(
        "UPDATE supply_stock SET on_hand = on_hand - %(quantity)s,"
        " reserved = reserved - %(quantity)s"
        " WHERE offer_id = %(offer_id)s AND reserved >= %(quantity)s"
        " RETURNING on_hand - reserved",
        offer_id,
        quantity,
    ):
        raise Conflict(_("Less than that is reserved."), code="not_reserved")


@transaction.atomic
def restock(*, offer_id: int, quantity: int, actor: Any = None, why: str = "return") -> None:
    """Returned goods go back on the shelf. Publishes StockChanged and keeps who and why.

    Raises NotFound for an offer without stock.
    """
    _positive(quantity)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE supply_stock SET on_hand = on_hand + %s WHERE offer_id = %s"
            " RETURNING on_hand - reserved, on_hand",
            [quantity, offer_id],
        )
        row = cursor.fetchone()
    if row is None:
        raise NotFound(_("There is no such offer."))
    available, on_hand = row
    _keep(offer_id, on_hand - quantity, on_hand, actor, why)
    publish(StockChanged(offer_id=offer_id, available=available))


@transaction.atomic
def set_stock(*, offer: Offer, on_hand: int, actor: Any, why: str) -> Stock:
    """Set what was counted. Publishes StockChanged and keeps who and why.

    Raises Invalid for a number that is negative, too large, or below what is already promised to
    buyers. Locks the stock row.
    """
    if not 0 <= on_hand <= MAX_ON_HAND:
        raise Invalid(_("Enter a number of units, 0 or more."), code="bad_stock")
    stock = Stock.objects.select_for_update().filter(offer=offer).first()
    if stock is None:
        raise NotFound(_("There is no such offer."))
    if on_hand < stock.reserved:
        raise Invalid(
            _("%(reserved)d units are promised to buyers; the stock cannot be below that.")
            % {"reserved": stock.reserved},
            code="below_reserved",
            reserved=stock.reserved,
        )
    if on_hand != stock.on_hand:
        Stock.objects.filter(pk=stock.pk).update(on_hand=on_hand)
        _keep(offer.pk, stock.on_hand, on_hand, actor, why)
        stock.on_hand = on_hand
        publish(StockChanged(offer_id=offer.pk, available=stock.available))
    return stock


def _change(statement: str, offer_id: int, quantity: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"offer_id": offer_id, "quantity": quantity})
        row = cursor.fetchone()
    if row is None:
        return False
    publish(StockChanged(offer_id=offer_id, available=row[0]))
    return True


def _keep(offer_id: int, before: int, after: int, actor: Any, why: str) -> None:
    who = actor_of(actor) if actor is not None else None
    StockAdjustment.objects.create(
        offer_id=offer_id,
        before=before,
        after=after,
        why=why[:200],
        actor_user_id=who.user_id if who else None,
        actor_label=who.label if who else "",
    )


def _positive(quantity: int) -> None:
    if quantity < 1:
        raise Invalid(_("The quantity must be at least one."), code="bad_quantity")
