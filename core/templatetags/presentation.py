"""How money, time and long numbers look to a person. Loaded into every template."""

from __future__ import annotations

from datetime import datetime

from babel.dates import format_timedelta
from babel.numbers import format_compact_decimal
from django import template
from django.utils.translation import get_language

from core import clock
from core.money import babel_locale, format_money

register = template.Library()


@register.filter
def money(minor: int | None, currency: str = "CNY") -> str:
    """`{{ line.total_minor|money:line.currency }}`"""
    return "–" if minor is None else format_money(minor, currency, get_language() or "en")


@register.filter
def percent(bps: int) -> str:
    """Basis points as a percentage without needless zeros: 1250 → 12.5%."""
    return f"{bps / 100:g}%"


@register.filter
def until(moment: datetime | None) -> str:
    """A deadline from here: “in 3 hours”."""
    if moment is None:
        return ""
    return format_timedelta(
        moment - clock.now(), add_direction=True, locale=babel_locale(get_language() or "en")
    )


@register.filter
def compact(count: int) -> str:
    """12840 → 12.8K, in Chinese 1.3万: a counter that does not jump about."""
    locale = babel_locale(get_language() or "en")
    return format_compact_decimal(count, format_type="short", locale=locale, fraction_digits=1)
