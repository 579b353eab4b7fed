"""A worker of a peer: sells when it is told to. Standard library only: peers' environments run it too."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable


def follow(sell_one: Callable[[], None], prepare: Callable[[float], None] | None = None) -> None:
    """Speak as `Workers` of `contenders.py` expects."""
    _tell(ready=True)
    for line in sys.stdin:
        word, _number, seconds = line.split()
        if word == "prepare":
            if prepare:
                prepare(float(seconds))
            _tell(ready=True)
            continue
        latencies = []
        began = now = time.perf_counter()
        while now < began + float(seconds):
            sell_one()
            done = time.perf_counter()
            latencies.append(round(1000 * (done - now), 2))
            now = done
        _tell(seconds=now - began, latencies_ms=latencies)


def _tell(**fields: object) -> None:
    print(json.dumps(fields), flush=True)
