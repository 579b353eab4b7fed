"""Flash prices as buyers have them: read, counted by the piece, given back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import clock
from core.errors import Conflict, DomainError, Invalid, SoldOut
from core.money import format_money
from promotion import states
from promotion.actions.flash.opening import state_due
from promotion.models import FlashBuyer, FlashPrice, FlashSale, PlacementTerm


class FlashMissed(Exception):
    """The flash price could not be had by somebody who did not insist on it."""


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
        if state_due(sale, clock.database_now()) in {"RUNNING", "SOLD_OUT"} and sale.state in (
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
