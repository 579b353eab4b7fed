"""Many offers at once: what an import wants against what is there, in a fixed number of statements.

`plan_offers` only reads and says what would happen to each; `write_offers` does it. Between them the
caller may write what hangs on the offers; `count_stock` comes last, because stock rows are hot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from core.errors import Conflict
from core.events import publish_many
from supply.actions.people import actor_of
from supply.events import OfferChanged, StockChanged
from supply.models import Offer, Stock, StockAdjustment, Supplier

WORDING = ("title", "brand", "description", "option_values")
TERMS = ("supply_price_minor", "suggested_price_minor", "commission_bps", "dispatch_hours")


@dataclass(frozen=True, slots=True)
class WantedOffer:
    """One SKU as a feed tells it, checked by the caller; amounts in minor units of `currency`.

    None keeps what an existing offer has; a new one takes it from `NewTerms`.
    """

    sku: str
    product_code: str
    title: str
    brand: str
    description: str
    option_values: dict[str, str]
    currency: str
    suggested_price_minor: int
    supply_price_minor: int | None = None
    commission_bps: int | None = None
    dispatch_hours: int | None = None
    on_hand: int | None = None


@dataclass(frozen=True, slots=True)
class NewTerms:
    """What a new offer gets where its feed is silent; the supply price in bps of the price."""

    supply_price_bps: int = 7_000
    commission_bps: int = 2_000
    dispatch_hours: int = 48


@dataclass(slots=True)
class Planned:
    """`outcome` is created, updated, unchanged or refused; `refusal` then says why of `column`."""

    wanted: WantedOffer
    outcome: str
    offer: Offer
    changed: list[str] = field(default_factory=list)
    stock_changes: bool = False
    column: str = ""
    refusal: str = ""


class StockMoved(Conflict):
    """Buyers reserved more, between plan and count, than the count would leave. Plan again."""

    code = "below_reserved"


def plan_offers(
    *, supplier: Supplier, wanted: Sequence[WantedOffer], terms: NewTerms, lock: bool = False
) -> list[Planned]:
    """What each would do, in the order given. `lock` takes the offers' rows, ascending id.

    Another supplier's offers are never looked at: a SKU belongs to its supplier.
    """
    rows = Offer.objects.filter(supplier=supplier, sku__in=[item.sku for item in wanted])
    if lock:
        rows = rows.select_for_update(no_key=True, of=("self",))
    there = {offer.sku: offer for offer in rows.order_by("id")}
    stocks = {row.offer_id: row for row in Stock.objects.filter(offer__in=list(there.values()))}
    return [_plan(supplier, item, there.get(item.sku), stocks, terms) for item in wanted]


def write_offers(planned: Sequence[Planned], *, actor: Any, why: str) -> None:
    """Create and update what was planned; new ones with their stock, as drafts.

    Gives new offers their ids. Publishes OfferChanged and, for first stock, StockChanged. Call it
    in a transaction. Locks the rows that it changes.
    """
    new = [item for item in planned if item.outcome == "created"]
    _create(new, actor, why)
    changed = [item for item in planned if item.outcome == "updated" and item.changed]
    if not changed:
        return
    Offer.objects.filter(pk__in=[item.offer.pk for item in changed]).update(updated_at=Now())
    Offer.objects.bulk_update([item.offer for item in changed], [*WORDING, *TERMS])
    publish_many([OfferChanged(offer_id=item.offer.pk, fields=item.changed) for item in changed])


def count_stock(planned: Sequence[Planned], *, actor: Any, why: str) -> None:
    """Set the stock of existing offers to what was counted; each change keeps who and why.

    Publishes StockChanged. Locks the stock rows, ascending offer id, until the transaction ends;
    call it last. Raises StockMoved when more is promised to buyers than one count leaves.
    """
    counts = sorted(
        (item.offer.pk, item.wanted.on_hand)
        for item in planned
        if item.outcome == "updated" and item.stock_changes and item.wanted.on_hand is not None
    )
    if not counts:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH counted AS (SELECT * FROM unnest(%s::bigint[], %s::integer[]) AS c(id, units)),"
            " held AS MATERIALIZED (SELECT s.offer_id, s.on_hand AS before, c.units FROM supply_stock s"
            " JOIN counted c ON c.id = s.offer_id ORDER BY s.offer_id FOR UPDATE OF s)"
            " UPDATE supply_stock s SET on_hand = held.units FROM held"
            " WHERE s.offer_id = held.offer_id AND s.reserved <= held.units"
            " RETURNING s.offer_id, held.before, s.on_hand, s.on_hand - s.reserved",
            [[pk for pk, _units in counts], [units for _pk, units in counts]],
        )
        done = cursor.fetchall()
    if len(done) < len(counts):
        raise StockMoved(_("Buyers took more meanwhile; count again."))
    moved = sorted(row for row in done if row[1] != row[2])
    _keep([(pk, before, after) for pk, before, after, _left in moved], actor, why)
    publish_many([StockChanged(offer_id=pk, available=left) for pk, _b, _a, left in moved])


def _plan(
    supplier: Supplier,
    wanted: WantedOffer,
    offer: Offer | None,
    stocks: Mapping[int, Stock],
    terms: NewTerms,
) -> Planned:
    if offer is None:
        return _new(supplier, wanted, terms)
    if offer.product_code != wanted.product_code:
        return _refused(
            wanted,
            offer,
            "product_code",
            _("SKU %(sku)s belongs to the product %(code)s. Give this row another SKU.")
            % {"sku": wanted.sku, "code": offer.product_code},
        )
    if offer.currency != wanted.currency:
        return _refused(
            wanted,
            offer,
            "currency",
            _("This SKU is priced in %(old)s; its currency cannot change. Write prices in %(old)s.")
            % {"old": offer.currency},
        )
    changed = []
    for name in (*WORDING, *TERMS):
        value = getattr(wanted, name)
        if value is not None and value != getattr(offer, name):
            setattr(offer, name, value)
            changed.append(name)
    if offer.suggested_price_minor < offer.supply_price_minor:
        return _refused(wanted, offer, "price", _below_supply_price())
    stock = stocks.get(offer.pk)
    counts = wanted.on_hand is not None and stock is not None and stock.on_hand != wanted.on_hand
    if counts and stock is not None and (wanted.on_hand or 0) < stock.reserved:
        return _refused(
            wanted,
            offer,
            "stock",
            _("%(reserved)d units are promised to buyers; the stock cannot be below that.")
            % {"reserved": stock.reserved},
        )
    outcome = "updated" if changed or counts else "unchanged"
    return Planned(wanted, outcome, offer, sorted(changed), counts)


def _new(supplier: Supplier, wanted: WantedOffer, terms: NewTerms) -> Planned:
    price = wanted.suggested_price_minor
    supply_price = wanted.supply_price_minor
    if supply_price is None:
        supply_price = max(1, price * terms.supply_price_bps // 10_000)
    hours = wanted.dispatch_hours
    commission = wanted.commission_bps
    offer = Offer(
        supplier=supplier,
        sku=wanted.sku,
        product_code=wanted.product_code,
        title=wanted.title,
        brand=wanted.brand,
        description=wanted.description,
        option_values=wanted.option_values,
        currency=wanted.currency,
        supply_price_minor=supply_price,
        suggested_price_minor=price,
        commission_bps=terms.commission_bps if commission is None else commission,
        dispatch_hours=terms.dispatch_hours if hours is None else hours,
    )
    if price < supply_price:
        return _refused(wanted, offer, "price", _below_supply_price())
    return Planned(wanted, "created", offer)


def _below_supply_price() -> str:
    return _("The price to the buyer must cover the supply price. Raise it, or lower the other.")


def _refused(wanted: WantedOffer, offer: Offer, column: str, message: str) -> Planned:
    return Planned(wanted, "refused", offer, column=column, refusal=message)


def _create(new: Sequence[Planned], actor: Any, why: str) -> None:
    if not new:
        return
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("write_offers() needs a transaction")
    Offer.objects.bulk_create([item.offer for item in new])
    units = [item.wanted.on_hand or 0 for item in new]
    Stock.objects.bulk_create(
        Stock(offer=item.offer, on_hand=count) for item, count in zip(new, units, strict=True)
    )
    first = [(item.offer.pk, 0, count) for item, count in zip(new, units, strict=True) if count]
    _keep(first, actor, why)
    publish_many([StockChanged(offer_id=pk, available=count) for pk, _zero, count in first])


def _keep(moves: Sequence[tuple[int, int, int]], actor: Any, why: str) -> None:
    who = actor_of(actor) if actor is not None else None
    StockAdjustment.objects.bulk_create(
        StockAdjustment(
            offer_id=pk,
            before=before,
            after=after,
            why=why[:200],
            actor_user_id=who.user_id if who else None,
            actor_label=who.label if who else "",
        )
        for pk, before, after in moves
    )
