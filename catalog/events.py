"""What this floor announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class ListingChanged(Event):
    """Wording, pictures, price or variants are others now."""

    topic: ClassVar[str] = "catalog.listing_changed"
    listing_id: int


@dataclass(frozen=True)
class ListingUnlisted(Event):
    """It can no longer be bought: withdrawn, or its supplier may not sell."""

    topic: ClassVar[str] = "catalog.listing_unlisted"
    listing_id: int
