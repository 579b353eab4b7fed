"""What a price must leave: supply price to the supplier, commission to the anchor, a fee to the house."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from core.errors import Invalid
from core.money import BASIS_POINTS, format_money


def lowest_price(*, supply_price_minor: int, commission_bps: int) -> int | None:
    """The lowest price in minor units that covers all three; None when none does."""
    left_bps = BASIS_POINTS - commission_bps - settings.PLATFORM_FEE_BPS
    if left_bps <= 0:
        return None
    return -(-supply_price_minor * BASIS_POINTS // left_bps)


def guard(
    *, title: str, price_minor: int, supply_price_minor: int, commission_bps: int, currency: str
) -> None:
    """Raises Invalid, naming the price that would do, when `price_minor` leaves the house too little."""
    needed = lowest_price(supply_price_minor=supply_price_minor, commission_bps=commission_bps)
    if needed is None:
        raise Invalid(
            _("%s pays so much commission that no price would cover it. Ask the supplier.") % title,
            code="commission_too_high",
        )
    if price_minor < needed:
        raise Invalid(
            _(
                "%(title)s costs %(price)s, which does not cover supply price, commission and the"
                " platform's fee. It would have to cost at least %(needed)s. Ask the supplier."
            )
            % {
                "title": title,
                "price": format_money(price_minor, currency),
                "needed": format_money(needed, currency),
            },
            code="price_too_low",
            needed_minor=needed,
            currency=currency,
        )
