"""Opened and aborted by the anchor, moved on by the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import clock
from core.actors import Actor
from core.errors import Conflict, Invalid, NotFound
from core.events import publish
from core.models import Deadline
from core.money import format_money
from promotion import states
from promotion.events import FlashSaleMoved
from promotion.models import FlashPrice, FlashSale, Placement
from promotion.pricing import lowest_price
from supply.models import Stock

SHORTEST, LONGEST = timedelta(seconds=10), timedelta(seconds=300)
# Time for every viewer to see the same 3-2-1.
COUNTDOWN = timedelta(seconds=3)
FARTHEST = timedelta(days=7)
MOST_PIECES = 100_000
BUSY_PAUSE = timedelta(milliseconds=300)


@dataclass(frozen=True, slots=True)
class FlashTerm:
    """What an anchor may ask for one variant: amounts in minor units of `currency` for one piece.

    `lowest_minor` is None when no price would cover supply price, commission and fee.
    """

    term_id: int
    variant_id: int
    label: str
    was_minor: int
    lowest_minor: int | None
    commission_bps: int
    currency: str
    available: int


def flash_terms(placement: Placement) -> list[FlashTerm]:
    """The variants of a placement with what a flash price has to respect. Reads only."""
    terms = placement.terms.select_related("listing_variant__variant").order_by("listing_variant")
    stock = {
        row.offer_id: row.available
        for row in Stock.objects.filter(offer__in=terms.values("listing_variant__offer"))
    }
    return [
        FlashTerm(
            term_id=term.pk,
            variant_id=term.listing_variant_id,
            label=term.listing_variant.variant.label,
            was_minor=term.price_minor,
            lowest_minor=lowest_price(
                supply_price_minor=term.supply_price_minor, commission_bps=term.commission_bps
            ),
            commission_bps=term.commission_bps,
            currency=term.currency,
            available=stock.get(term.listing_variant.offer_id, 0),
        )
        for term in terms
    ]


@transaction.atomic
def open_flash(
    *,
    placement: Placement,
    prices: Mapping[int, int],
    quantity: int,
    per_buyer: int,
    seconds: int,
    starts_at: datetime | None = None,
    remorse: bool = True,
    actor: Actor,
) -> FlashSale:
    """Announce a flash sale of a placement; `prices` maps variant to minor units for one piece.

    Without `starts_at` it begins in three seconds by the database's clock. `remorse` False sends
    its orders to be packed as soon as they are paid. A former sale of the placement that is over
    or sold out makes room.

    Raises Invalid (price_too_low with `needed_minor`, price_not_lower, bad_quantity, bad_limit,
    bad_duration, in_the_past), NotFound for a variant that is not in the placement, Conflict
    (closed, flash_open).
    """
    now = clock.database_now()
    if placement.pulled_at is not None:
        raise Conflict(_("This item has left the room."), code="closed")
    length = timedelta(seconds=seconds)
    if not SHORTEST <= length <= LONGEST:
        raise Invalid(_("A flash sale lasts from 10 to 300 seconds."), code="bad_duration")
    if starts_at is not None and not now < starts_at <= now + FARTHEST:
        raise Invalid(_("Choose a time within the next seven days."), code="in_the_past")
    start = starts_at or now + COUNTDOWN
    terms = {one.variant_id: one for one in flash_terms(placement)}
    rows = [_checked_price(terms, variant, minor) for variant, minor in prices.items()]
    if not rows:
        raise Invalid(_("Set a price."), code="price_required")
    _check_pieces(quantity, per_buyer, sum(terms[variant].available for variant in prices))
    _make_room(placement, now)
    try:
        with transaction.atomic():
            sale = FlashSale.objects.create(
                placement=placement,
                quantity=quantity,
                per_buyer=per_buyer,
                starts_at=start,
                ends_at=start + length,
                remorse=remorse,
            )
    except IntegrityError as error:
        raise Conflict(
            _("This item has a flash sale already. Abort it or wait for its end."),
            code="flash_open",
        ) from error
    FlashPrice.objects.bulk_create(
        FlashPrice(sale=sale, term_id=row.term_id, price_minor=minor, was_minor=row.was_minor)
        for row, minor in rows
    )
    states.FLASH.start(sale, actor=actor)
    return sale


def _checked_price(
    terms: Mapping[int, FlashTerm], variant: int, minor: int
) -> tuple[FlashTerm, int]:
    term = terms.get(variant)
    if term is None:
        raise NotFound(_("There is no such item in the room."))
    lowest = term.lowest_minor
    if lowest is None or lowest >= term.was_minor:
        raise Invalid(
            _("This item is sold at the lowest possible price already."), code="price_too_low"
        )
    if minor < max(1, lowest):
        raise Invalid(
            _(
                "%(price)s does not cover supply price, commission and the platform's fee."
                " The lowest possible price is %(needed)s."
            )
            % {
                "price": format_money(minor, term.currency),
                "needed": format_money(max(1, lowest), term.currency),
            },
            code="price_too_low",
            needed_minor=max(1, lowest),
            currency=term.currency,
        )
    if minor >= term.was_minor:
        raise Invalid(
            _("A flash price is lower than the usual price of %s.")
            % format_money(term.was_minor, term.currency),
            code="price_not_lower",
        )
    return term, minor


def _check_pieces(quantity: int, per_buyer: int, available: int) -> None:
    if not 1 <= quantity <= MOST_PIECES:
        raise Invalid(_("Choose how many pieces, 1 or more."), code="bad_quantity")
    if quantity > available:
        raise Invalid(
            ngettext("Only %d piece is in stock.", "Only %d pieces are in stock.", available)
            % available,
            code="bad_quantity",
            available=available,
        )
    if not 1 <= per_buyer <= 99:
        raise Invalid(_("Let each buyer have from 1 to 99 pieces."), code="bad_limit")


def _make_room(placement: Placement, now: datetime) -> None:
    before = FlashSale.objects.open().filter(placement=placement)
    for sale in before.select_for_update(no_key=True):
        if sale.ends_at <= now or sale.state == "SOLD_OUT":
            states.FLASH.move(sale, "ENDED", why="another one begins")


@transaction.atomic
def abort_flash(*, sale: FlashSale, actor: Actor) -> FlashSale:
    """Stop a flash sale at once; what was bought stays bought at its price.

    Raises IllegalMove when it is over. Locks the sale.
    """
    locked = FlashSale.objects.select_for_update(no_key=True, of=("self",))
    found = locked.select_related("placement").get(pk=sale.pk)
    states.FLASH.move(found, "ABORTED", actor=actor)
    _announce(found)
    return found


@transaction.atomic
def settle_flash(*, flash_id: int) -> FlashSale:
    """Bring the state in step with the clock and the pieces sold; publishes FlashSaleMoved if it moved.

    Locks the sale, but only when there is something to change.
    """
    seen = FlashSale.objects.select_related("placement").get(pk=flash_id)
    if seen.state not in states.FLASH_OPEN or seen.state == state_due(seen, clock.database_now()):
        return seen
    rows = FlashSale.objects.select_for_update(no_key=True, of=("self",))
    return _settle(rows.select_related("placement").get(pk=flash_id))


def _settle(sale: FlashSale) -> FlashSale:
    due = state_due(sale, clock.database_now())
    if sale.state in states.FLASH_OPEN and due != sale.state:
        states.FLASH.move(sale, due)
        _announce(sale)
    return sale


def state_due(sale: FlashSale, now: datetime) -> str:
    """The state that the clock and the pieces sold give a sale that is open."""
    if now >= sale.ends_at:
        return "ENDED"
    if now < sale.starts_at:
        return "SCHEDULED"
    return "SOLD_OUT" if sale.sold >= sale.quantity else "RUNNING"


def _announce(sale: FlashSale) -> None:
    publish(
        FlashSaleMoved(flash_id=sale.pk, room_ref=sale.placement.room_ref, state=sale.state),
    )


def _time_is_up(flash_id: int) -> None:
    # The sweeper holds the deadline's row, which others delete under the sale's lock.
    rows = FlashSale.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
    sale = rows.select_related("placement").filter(pk=flash_id).first()
    before = sale.state if sale else ""
    if sale is None or _settle(sale).state == before:
        Deadline.objects.filter(machine=states.FLASH.name, object_id=flash_id).update(
            due_at=clock.now() + BUSY_PAUSE
        )


for _state in sorted(states.FLASH_OPEN):
    states.FLASH.on_timeout(_state)(_time_is_up)
