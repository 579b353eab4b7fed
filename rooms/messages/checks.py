"""Checks of fields that came from outside."""

from __future__ import annotations

from typing import Any


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_count(value: Any, least: int, most: int) -> bool:
    """Whether `value` is a whole number in that range; true and false are not."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
