"""What a provider may keep of a payment by contract: `PAYMENT_FEES`, for example `stripe=290+30`."""

from __future__ import annotations

from django.conf import settings

from core.money import Money, share_of
from orders.payments.contract import Misconfigured

# Providers round in ways of their own.
TOLERANCE_MINOR = 1


def agreed_fee(code: str, amount: Money) -> Money | None:
    """Basis points of the amount plus a fixed sum, in minor units; None where nothing was agreed.

    Raises Misconfigured for a setting that cannot be read.
    """
    terms = read(settings.PAYMENT_FEES).get(code)
    if terms is None:
        return None
    rate_bps, fixed_minor = terms
    return Money(share_of(amount.minor, rate_bps) + fixed_minor, amount.currency)


def read(items: list[str]) -> dict[str, tuple[int, int]]:
    """`["stripe=290+30"]` as `{"stripe": (290, 30)}`. Raises Misconfigured."""
    terms = {}
    for item in items:
        code, _sign, text = item.partition("=")
        rate, _plus, fixed = text.partition("+")
        try:
            terms[code.strip()] = (int(rate), int(fixed or 0))
        except ValueError:
            raise Misconfigured(
                f"PAYMENT_FEES: “{item}” is not like stripe=290+30 (basis points + minor units)."
            ) from None
    return terms
