"""Alipay writes yuan with two decimals; we count fen. No float comes near either."""

from __future__ import annotations

import re

from core.money import Money

_YUAN = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,2}))?", re.ASCII)


def to_yuan(amount: Money) -> str:
    """1005 fen as "10.05". Raises ValueError for another currency or a negative amount."""
    if amount.currency != "CNY" or amount.minor < 0:
        raise ValueError(f"{amount} is no amount in yuan")
    return f"{amount.minor // 100}.{amount.minor % 100:02d}"


def from_yuan(text: str) -> Money:
    """ "10.05", "10.5" or "10" as fen, to the fen. Raises ValueError for anything else."""
    match = _YUAN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no amount in yuan")
    sign, whole, part = match.groups()
    minor = int(whole) * 100 + int((part or "").ljust(2, "0"))
    return Money(-minor if sign else minor, "CNY")
