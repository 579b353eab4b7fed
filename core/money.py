"""Money as integer minor units plus an ISO 4217 currency, and the only rounding rules of the house."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import format_currency, get_currency_precision

BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units (fen, cents) of one currency. Mixing currencies raises ValueError."""

    minor: int
    currency: str = "CNY"

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __mul__(self, quantity: int) -> Money:
        return Money(self.minor * quantity, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot combine {self.currency} with {other.currency}")

    def share(self, rate_bps: int) -> Money:
        """`rate_bps` basis points of this amount, half up to the minor unit."""
        return Money(share_of(self.minor, rate_bps), self.currency)

    def format(self, locale: str = "en") -> str:
        return format_money(self.minor, self.currency, locale)


def share_of(minor: int, rate_bps: int) -> int:
    """Basis points of an amount in minor units, rounded half away from zero."""
    exact = Decimal(minor) * rate_bps / BASIS_POINTS
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def split_minor(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` minor units over non-negative `weights`; the parts sum to `total` exactly.

    Largest remainder (Hamilton) method; equal remainders go to the earlier part, so the result
    is a function of its input alone. Raises ValueError when no weight is positive.
    """
    weight_sum = sum(weights)
    if weight_sum <= 0 or any(w < 0 for w in weights):
        raise ValueError("weights must be non-negative and at least one positive")
    sign = -1 if total < 0 else 1
    magnitude = abs(total)
    floors = [magnitude * w // weight_sum for w in weights]
    remainders = [magnitude * w % weight_sum for w in weights]
    missing = magnitude - sum(floors)
    for index in sorted(range(len(weights)), key=lambda i: (-remainders[i], i))[:missing]:
        floors[index] += 1
    return [sign * part for part in floors]


def format_money(minor: int, currency: str, locale: str = "en") -> str:
    """Human form with the currency's own number of decimals; `locale` is a Django or Babel code."""
    precision = get_currency_precision(currency)
    amount = Decimal(minor).scaleb(-precision)
    text = format_currency(amount, currency, locale=babel_locale(locale))
    # The house's own currency needs no country's mark, whatever language its reader has.
    return text.replace("CN¥", "¥")


def babel_locale(code: str) -> str:
    """Django's `zh-hans` as Babel's `zh_Hans`."""
    language, _, script = code.replace("_", "-").partition("-")
    return f"{language}_{script.title()}" if len(script) == 4 else language
