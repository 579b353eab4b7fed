"""Addresses that flood: let in slowly for a while after several of their sockets were closed for abuse.

Behind one address may be a whole dormitory, so nobody is shut out for what a neighbour does:

- A browser that flooded itself, known by its cookie, is refused.
- Who comes without a cookie cannot be told from a program that floods; they share a narrow rate.
- Everybody else behind the address shares a generous one. Invented cookies share it as well, so the
  address as a whole costs at most both rates.

A page that is refused tries again by itself, with growing waits.
"""

from __future__ import annotations

import ipaddress
import time
from typing import Any

from rooms.limits import Bucket

CLOSED_SOCKETS = 3
WITHIN_SECONDS = 60.0
SLOW_SECONDS = 30.0
MOST_ADDRESSES = 10_000
# Browsers remembered as rude for each address; past it the rates alone hold.
MOST_RUDE = 100
CALLER_LENGTH = 64
STRANGERS = (5, 0.5)
KNOWN = (20, 5.0)


class _Slow:
    """One address that is let in slowly."""

    __slots__ = ("known", "rude", "strangers", "until")

    def __init__(self) -> None:
        self.until = 0.0
        self.rude: set[str] = set()
        self.strangers = Bucket(*STRANGERS)
        self.known = Bucket(*KNOWN)


class Refusals:
    """In this process's memory, bounded; the oldest is forgotten first.

    A `caller` is what tells one browser behind an address from another; empty when nothing does.
    """

    def __init__(self) -> None:
        self._closed: dict[str, list[tuple[float, str]]] = {}
        self._slow: dict[str, _Slow] = {}

    def closed_for_abuse(self, address: str, caller: str = "") -> None:
        """Count one socket closed for abuse; from the third within a minute its address is slow."""
        if not address:
            return
        now = time.monotonic()
        times = [one for one in self._closed.pop(address, []) if now - one[0] < WITHIN_SECONDS]
        times = [*times, (now, caller[:CALLER_LENGTH])][-CLOSED_SOCKETS:]
        _keep(self._closed, address, times)
        if len(times) < CLOSED_SOCKETS:
            return
        slow = self._slow.get(address) or _Slow()
        slow.until = now + SLOW_SECONDS
        slow.rude.update(one for _, one in times if one and len(slow.rude) < MOST_RUDE)
        _keep(self._slow, address, slow)

    def refuses(self, address: str, caller: str = "") -> bool:
        """Whether a new socket of that caller is to be refused now; one that is not uses up a turn."""
        slow = self._slow.get(address) if self._slow else None
        if slow is None:
            return False
        if time.monotonic() >= slow.until:
            del self._slow[address]
            return False
        if not caller:
            return slow.strangers.take() > 0
        return caller[:CALLER_LENGTH] in slow.rude or slow.known.take() > 0


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
