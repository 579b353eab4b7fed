"""Who acts on this floor: a supplier's member, an admin, or the house."""

from __future__ import annotations

from typing import Any

from core.actors import Actor, acting


def actor_of(person: Any) -> Actor:
    """A user as the state tables know them; an `Actor` stays what it is."""
    if isinstance(person, Actor):
        return person
    return acting(person, "admin" if person.is_staff else "supplier")
