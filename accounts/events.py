"""What this floor announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class AccessChanged(Event):
    """Another password, closed, or open again: what somebody was let in for may no longer hold."""

    topic: ClassVar[str] = "accounts.access_changed"
    user_id: int
