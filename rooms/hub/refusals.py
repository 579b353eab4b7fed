"""Addresses that flood: refused for a while after several sockets of theirs were closed for abuse."""

from __future__ import annotations

import ipaddress
import time
from typing import Any

# Behind one address may be a whole dormitory, so one rude socket is not enough.
CLOSED_SOCKETS = 3
WITHIN_SECONDS = 60.0
REFUSED_SECONDS = 30.0
MOST_ADDRESSES = 10_000


class Refusals:
    """In this process's memory, bounded; the oldest is forgotten first."""

    def __init__(self) -> None:
        self._closed: dict[str, list[float]] = {}
        self._until: dict[str, float] = {}

    def closed_for_abuse(self, address: str) -> None:
        """Count one socket closed for abuse; the third within a minute shuts its address out."""
        if not address:
            return
        now = time.monotonic()
        times = [at for at in self._closed.pop(address, []) if now - at < WITHIN_SECONDS]
        times.append(now)
        if len(times) < CLOSED_SOCKETS:
            _keep(self._closed, address, times)
        else:
            _keep(self._until, address, now + REFUSED_SECONDS)

    def refuses(self, address: str) -> bool:
        """Whether a new socket from there is to be refused now."""
        if not self._until:
            return False
        until = self._until.get(address)
        if until is None or time.monotonic() < until:
            return until is not None
        del self._until[address]
        return False


def _keep(table: dict[str, Any], address: str, value: Any) -> None:
    table.pop(address, None)
    table[address] = value
    if len(table) > MOST_ADDRESSES:
        table.pop(next(iter(table)))


def address_of(scope: dict[str, Any]) -> str:
    """The peer's address; empty for loopback, which is a proxy that does not say whom it speaks for."""
    client = scope.get("client")
    try:
        address = ipaddress.ip_address(client[0] if client else "")
    except ValueError:
        return ""
    return "" if address.is_loopback else str(address)


refusals = Refusals()
