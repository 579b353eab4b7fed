"""Flash sales: opened and aborted by the anchor, taken from by buyers, moved on by the clock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import clock
from core.actors import Actor
from core.errors import Conflict, DomainError, Invalid, NotFound, SoldOut
from core.events import publish
from core.models import Deadline
from core.money import format_money
from promotion import states
from promotion.events import FlashSaleMoved
from promotion.models import FlashBuyer, FlashPrice, FlashSale, Placement, PlacementTerm
from promotion.pricing import lowest_price
from supply.models import Stock

SHORTEST, LONGEST = timedelta(seconds=10), timedelta(seconds=300)
# Time for every viewer to see the same 3-2-1.
COUNTDOWN = timedelta(seconds=3)
FARTHEST = timedelta(days=7)
MOST_PIECES = 100_000
BUSY_PAUSE = timedelta(milliseconds=300)


class FlashMissed(Exception):
    """The flash price could not be had by somebody who did not insist on it."""


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
    if seen.state not in states.FLASH_OPEN or seen.state == _state_due(seen, clock.database_now()):
        return seen
    rows = FlashSale.objects.select_for_update(no_key=True, of=("self",))
    return _settle(rows.select_related("placement").get(pk=flash_id))


def _settle(sale: FlashSale) -> FlashSale:
    due = _state_due(sale, clock.database_now())
    if sale.state in states.FLASH_OPEN and due != sale.state:
        states.FLASH.move(sale, due)
        _announce(sale)
    return sale


def _state_due(sale: FlashSale, now: datetime) -> str:
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


def current_price(
    *, term: PlacementTerm, quantity: int, buyer_id: int | None, at: datetime
) -> FlashPrice | None:
    """The flash price that `quantity` pieces of a term may be had for at `at`. Reads only.

    None when no sale runs, or too few pieces are left for the house or for this buyer; whoever
    takes them is told for good by `take_flash`.
    """
    price = (
        FlashPrice.objects.select_related("sale")
        .filter(term=term, sale__in=FlashSale.objects.current(at))
        .first()
    )
    if price is None or price.sale.left < quantity:
        return None
    mine = 0
    if buyer_id is not None:
        rows = FlashBuyer.objects.filter(sale=price.sale, buyer=buyer_id)
        mine = rows.values_list("quantity", flat=True).first() or 0
    return price if mine + quantity <= price.sale.per_buyer else None


@dataclass(slots=True)
class FlashNow:
    """A running sale's price for one term, and what is still to be had: by all, by each buyer."""

    sale_id: int
    price_minor: int
    usual_minor: int
    currency: str
    per_buyer: int
    remorse: bool
    left: int
    taken: dict[int, int]

    def refusal(self, buyer_id: int, quantity: int) -> Callable[[], DomainError] | None:
        """Why this buyer cannot have so many pieces, as what makes the error, or None."""
        if self.left < quantity:
            return partial(flash_gone, self.sale_id, self.left, self.usual_minor, self.currency)
        if self.taken.get(buyer_id, 0) + quantity > self.per_buyer:
            return partial(over_limit, self.sale_id, self.per_buyer)
        return None

    def take(self, buyer_id: int, quantity: int) -> None:
        """Count pieces here; `take_flash_pieces` counts them for good."""
        self.left -= quantity
        self.taken[buyer_id] = self.taken.get(buyer_id, 0) + quantity


def flash_now(*, term_of: tuple[int, int], buyers: Collection[int], hold: bool) -> FlashNow | None:
    """The sale that runs for (placement, variant) by the database's clock, with what `buyers` have.

    `hold` locks the buyers' rows in ascending buyer, then the sale, until the transaction ends.
    """
    placement_id, variant_id = term_of
    prices = FlashPrice.objects.select_related("sale", "term").filter(
        term__placement=placement_id, term__listing_variant=variant_id
    )
    price = prices.filter(sale__in=FlashSale.objects.current(clock.database_now())).first()
    if price is None:
        return None
    rows = FlashBuyer.objects.filter(sale=price.sale_id, buyer__in=buyers).order_by("buyer")
    sales = FlashSale.objects.filter(pk=price.sale_id)
    if hold:
        rows = rows.select_for_update(no_key=True)
        sales = sales.select_for_update(no_key=True)
    taken = dict(rows.values_list("buyer_id", "quantity"))
    sale = sales.get()
    return FlashNow(
        sale_id=sale.pk,
        price_minor=price.price_minor,
        usual_minor=price.term.price_minor,
        currency=price.term.currency,
        per_buyer=sale.per_buyer,
        remorse=sale.remorse,
        left=sale.left,
        taken=taken,
    )


def take_flash_pieces(*, flash_id: int, pieces: Mapping[int, int]) -> bool:
    """As `take_flash` for many buyers ({buyer: pieces}) by two statements; False: not all of them.

    Then the caller rolls back. Locks the buyers' rows in ascending buyer, then the sale.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO promotion_flashbuyer AS mine (sale_id, buyer_id, quantity)"
            " SELECT sale.id, one.buyer, one.quantity"
            " FROM promotion_flashsale AS sale,"
            " unnest(%(buyers)s::bigint[], %(quantities)s::int[]) AS one (buyer, quantity)"
            " WHERE sale.id = %(sale)s AND sale.per_buyer >= one.quantity ORDER BY one.buyer"
            " ON CONFLICT (sale_id, buyer_id) DO UPDATE"
            " SET quantity = mine.quantity + excluded.quantity"
            " WHERE mine.quantity + excluded.quantity"
            " <= (SELECT per_buyer FROM promotion_flashsale WHERE id = %(sale)s)",
            {
                "sale": flash_id,
                "buyers": list(pieces),
                "quantities": list(pieces.values()),
            },
        )
        if cursor.rowcount != len(pieces):
            return False
    return _count_sale(flash_id, sum(pieces.values()), clock.database_now())


def take_flash(
    *, flash_id: int, buyer_id: int, quantity: int, insisted: bool, usual_minor: int, currency: str
) -> None:
    """Count `quantity` pieces to a buyer and to the sale, by one conditional statement each.

    Locks the buyer's row of the sale, then the sale, until the transaction ends: call it right
    before the stock rows. Who `insisted` on the flash price is refused with Invalid (limit),
    SoldOut (`left`, `flash`, `price_minor`: the usual price) or Conflict (price_changed); anybody
    else by FlashMissed.
    """
    if not _count_buyer(flash_id, buyer_id, quantity):
        if not insisted:
            raise FlashMissed
        most = FlashSale.objects.get(pk=flash_id).per_buyer
        raise over_limit(flash_id, most)
    if not _count_sale(flash_id, quantity, clock.database_now()):
        if not insisted:
            raise FlashMissed
        sale = FlashSale.objects.get(pk=flash_id)
        if _state_due(sale, clock.database_now()) in {"RUNNING", "SOLD_OUT"} and sale.state in (
            states.FLASH_OPEN
        ):
            raise flash_gone(sale.pk, sale.left, usual_minor, currency)
        raise price_changed(usual_minor, currency)


def over_limit(flash_id: int, most: int) -> Invalid:
    """What to tell who wanted more pieces than each buyer gets."""
    return Invalid(
        ngettext(
            "Each buyer gets at most %d piece at the flash price.",
            "Each buyer gets at most %d pieces at the flash price.",
            most,
        )
        % most,
        code="limit",
        flash=flash_id,
    )


def flash_gone(flash_id: int, left: int, usual_minor: int, currency: str) -> SoldOut:
    """What to tell who wanted more pieces at the flash price than there are."""
    return SoldOut(
        _("The pieces at the flash price are gone. It costs %s now.")
        % format_money(usual_minor, currency),
        left=left,
        flash=flash_id,
        price_minor=usual_minor,
        currency=currency,
    )


def price_changed(usual_minor: int, currency: str) -> Conflict:
    """What to tell who wanted a flash price that is not, or no longer, to be had."""
    return Conflict(
        _("The flash price is not to be had now. It costs %s.")
        % format_money(usual_minor, currency),
        code="price_changed",
        price_minor=usual_minor,
        currency=currency,
    )


def _count_buyer(flash_id: int, buyer_id: int, quantity: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO promotion_flashbuyer AS mine (sale_id, buyer_id, quantity)"
            " SELECT id, %(buyer)s, %(quantity)s FROM promotion_flashsale"
            " WHERE id = %(sale)s AND per_buyer >= %(quantity)s"
            " ON CONFLICT (sale_id, buyer_id) DO UPDATE"
            " SET quantity = mine.quantity + excluded.quantity"
            " WHERE mine.quantity + excluded.quantity"
            " <= (SELECT per_buyer FROM promotion_flashsale WHERE id = %(sale)s)"
            " RETURNING mine.quantity",
            {"sale": flash_id, "buyer": buyer_id, "quantity": quantity},
        )
        return cursor.fetchone() is not None


def _count_sale(flash_id: int, quantity: int, at: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE promotion_flashsale SET sold = sold + %(quantity)s"
            " WHERE id = %(sale)s AND state IN ('SCHEDULED', 'RUNNING', 'SOLD_OUT')"
            " AND starts_at <= %(at)s AND ends_at > %(at)s"
            " AND quantity - sold >= %(quantity)s RETURNING sold",
            {"sale": flash_id, "quantity": quantity, "at": at},
        )
        return cursor.fetchone() is not None


def give_back_flash(*, flash_id: int, buyer_id: int, quantity: int) -> None:
    """An order ended that held pieces: they may be had again while the sale runs.

    Locks the buyer's row, then the sale.
    """
    _add(flash_id, buyer_id, -quantity)


def retake_flash(*, flash_id: int, buyer_id: int, quantity: int) -> bool:
    """A late payment revives an order that gave its pieces back: False when others have them now.

    The window is not asked, for the order was placed in it. Locks as `give_back_flash`.
    """
    sale = FlashSale.objects.select_for_update(no_key=True)
    FlashBuyer.objects.select_for_update(no_key=True).filter(
        sale=flash_id, buyer=buyer_id
    ).values_list("pk").first()
    if sale.get(pk=flash_id).left < quantity:
        return False
    _add(flash_id, buyer_id, quantity)
    return True


def _add(flash_id: int, buyer_id: int, quantity: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE promotion_flashbuyer SET quantity = quantity + %s"
            " WHERE sale_id = %s AND buyer_id = %s",
            [quantity, flash_id, buyer_id],
        )
        cursor.execute(
            "UPDATE promotion_flashsale SET sold = sold + %s WHERE id = %s", [quantity, flash_id]
        )
