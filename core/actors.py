"""Who does something: a person, or the house itself (a timer, a webhook, a relay)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Actor:
    """`role` is what the state tables check (buyer, anchor, supplier, admin, system, provider)."""

    role: str
    user_id: int | None = None
    label: str = ""


SYSTEM = Actor("system", None, "system")


def acting(user: Any, role: str) -> Actor:
    """A signed-in person in one of their roles."""
    return Actor(role, user.pk, user.get_username())
