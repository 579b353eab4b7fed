"""A viewer's page in a busy room: longest task, DOM and heap. The last line is JSON."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from pathlib import Path

from drills.busy_room.page import (
    HEAP_GROWTH_MB,
    LONGEST_TASK_MS,
    MOST_ELEMENTS,
    THROTTLE,
    VIEWERS,
    measure,
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    options = parser.parse_args()
    # Ended from outside, it still takes along what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # A look costs a collection of garbage; at least six make a line.
    every = min(20.0, 10 * options.minutes)
    with tempfile.TemporaryDirectory(prefix="busy-room-") as folder:
        seen = measure(Path(folder), looks=round(60 * options.minutes / every), every=every)
    faults = {
        "a task held up the page": seen.longest_ms >= LONGEST_TASK_MS,
        "the page has too many elements": seen.elements >= MOST_ELEMENTS,
        "the heap grows": seen.growth_mb >= HEAP_GROWTH_MB,
        "the chat stands still": not seen.moving or not seen.sampled,
        "the crowd was refused": seen.crowd["refused"] > 0,
        "errors on the page": bool(seen.complaints),
    }
    verdict = {
        "name": "busy_room",
        "attempts": seen.crowd["said"],
        "faults": sum(faults.values()),
        "oversold": 0,
        "lost": 0,
        "unbalanced": 0,
        "viewers": VIEWERS,
        "cpu_throttle": THROTTLE,
        "longest_task_ms": round(seen.longest_ms),
        "long_tasks": seen.long_tasks,
        "elements": seen.elements,
        "nodes": seen.nodes,
        "chat_lines_kept": seen.lines,
        "heap_mb": [round(mb, 2) for mb in seen.heap_mb],
        "heap_growth_mb": round(seen.growth_mb, 2),
        "minutes": options.minutes,
        "crowd": seen.crowd,
        "wrong": [what for what, so in faults.items() if so],
        "ok": not any(faults.values()),
    }
    print(json.dumps(verdict))
    return 0 if verdict["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
