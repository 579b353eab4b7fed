"""How fast one stream may send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PARTS_PER_SECOND: Final = 20
PARTS_BURST: Final = 150
# Stills are due each 10 s.
STILLS_PER_SECOND: Final = 0.5
STILLS_BURST: Final = 4
BYTES_PER_SECOND: Final = 2_000_000
BYTES_BURST: Final = 24_000_000


@dataclass(slots=True)
class Bucket:
    """Token bucket on the caller's monotonic clock."""

    burst: float
    per_second: float
    level: float = -1.0
    at: float = 0.0

    def take(self, amount: float, now: float) -> float:
        """0 when taken, else the seconds to wait; takes nothing then."""
        if self.level < 0:
            self.level, self.at = self.burst, now
        self.level = min(self.burst, self.level + (now - self.at) * self.per_second)
        self.at = now
        if amount <= self.level:
            self.level -= amount
            return 0.0
        return (amount - self.level) / self.per_second
