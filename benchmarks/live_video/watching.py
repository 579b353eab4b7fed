"""What a viewer's page has shown, as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import quantiles
from typing import Any, Self

READER = (Path(__file__).parent / "stamp.js").read_text()
# Pictures come each 33 ms: a viewer notices so long a pause.
STALL_MS = 500


def begin(page: Any) -> None:
    """Read the clock in every picture of the page's video from now on."""
    page.evaluate(READER)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Presented pictures: (shown at, captured at), unix milliseconds, oldest first."""

    shown: tuple[tuple[int, int | None], ...]

    @classmethod
    def of(cls, page: Any, since: float = 0) -> Self:
        return cls(tuple((a, b) for a, b in page.evaluate("window.pictures") if a >= since))

    def __add__(self, other: Pictures) -> Pictures:
        return Pictures(self.shown + other.shown)

    @property
    def latencies(self) -> list[int]:
        return sorted(shown - captured for shown, captured in self.shown if captured is not None)

    def percentile(self, percent: int) -> int:
        found = self.latencies
        return round(quantiles(found, n=100)[percent - 1]) if len(found) > 1 else -1

    @property
    def pauses(self) -> list[int]:
        return [b - a for (a, _), (b, _) in pairwise(self.shown)]

    @property
    def stalls(self) -> int:
        return sum(pause > STALL_MS for pause in self.pauses)

    @property
    def per_second(self) -> float:
        spent = sum(self.pauses)
        return round(1000 * len(self.pauses) / spent, 1) if spent else 0.0

    def first_fresh(self, since: float, latency_below: float = float("inf")) -> int | None:
        """Milliseconds after `since` until a picture captured since then is shown that soon."""
        for shown, captured in self.shown:
            if captured and captured > since and shown - captured < latency_below:
                return round(shown - since)
        return None
