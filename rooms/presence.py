"""How many are watching: each server process writes its own count, and everybody adds them up."""

from __future__ import annotations

import time
from collections.abc import Mapping

# A process that has not written for this long is gone, and its viewers with it.
FRESH_SECONDS = 10
KEEP_SECONDS = 60


def entry(count: int) -> str:
    return f"{count}:{int(time.time())}"


def total(counts: Mapping[str, str]) -> int:
    """Sum of the counts whose processes are alive."""
    oldest = time.time() - FRESH_SECONDS
    alive = 0
    for value in counts.values():
        count, _, at = value.partition(":")
        if float(at) >= oldest:
            alive += int(count)
    return alive
