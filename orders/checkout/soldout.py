"""What was sold out a moment ago, so that a crowd on a dead SKU costs no transaction that writes."""

from __future__ import annotations

import time
from collections.abc import Callable

from core.errors import DomainError
from orders.checkout.answers import Kind

SECONDS = 0.5
# Fewer refusals in a batch are no crowd: stock that comes back is then sold without delay.
CROWD = 8
MOST = 1_000

_gone: dict[Kind, tuple[float, Callable[[], DomainError]]] = {}


def remember(kind: Kind, error: Callable[[], DomainError], refused: int) -> None:
    """`refused` purchases of one batch came too late for the last piece."""
    if refused < CROWD:
        return
    if len(_gone) >= MOST:
        _gone.clear()
    _gone[kind] = (time.monotonic() + SECONDS, error)


def recall(kind: Kind) -> Callable[[], DomainError] | None:
    """What to tell who comes now, or None when it has to be asked."""
    found = _gone.get(kind)
    if found is None:
        return None
    if found[0] < time.monotonic():
        _gone.pop(kind, None)
        return None
    return found[1]
