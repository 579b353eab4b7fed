"""Whose accounts a person may read. Floors above name their owners; the ledger knows only the pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Owner = tuple[str, str]
Source = Callable[[Any], Iterable[Owner]]

PLATFORM: Owner = ("platform", "")

_sources: list[Source] = []


def source(function: Source) -> Source:
    """Register a rule that lists the owners a user speaks for."""
    if function not in _sources:
        _sources.append(function)
    return function


def of(user: Any) -> list[Owner]:
    """Every owner that `user` speaks for."""
    return [owner for rule in _sources for owner in rule(user)]


def anchor(user_id: int) -> Owner:
    """The owner of an anchor's commission."""
    return ("anchor", str(user_id))


def supplier(code: str) -> Owner:
    """The owner of what the house owes a supplier."""
    return ("supplier", code)


@source
def _own_commission(user: Any) -> list[Owner]:
    return [anchor(user.pk)]
