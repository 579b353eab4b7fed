"""A publisher's life, whatever way it publishes. Standard library only: peers' environments run it too.

Reads lines of stdin: `go RATE` begins, `stop` ends and tells {"first", "last", "behind_ms"}, which
are the numbers of the first and last message ever published and how late the latest of them was.
"""

from __future__ import annotations

import json
import select
import sys
import time
from collections.abc import Callable

NAME = "L***n"
TITLE = "Porcelain tea set for six, celadon glaze, in a box"


def payload() -> dict[str, object]:
    """A ticker as the product writes it, with the time at which it was published."""
    return {"name": NAME, "title": TITLE, "qty": 1, "at": time.monotonic_ns()}


def event(seq: int) -> dict[str, object]:
    return {"t": "ticker", "s": seq, **payload()}


def encoded(seq: int) -> str:
    return json.dumps(event(seq), separators=(",", ":"))


def follow_orders(publish: Callable[[], int]) -> None:
    """Call `publish`, which returns the number of its message, at the rate that stdin asks for."""
    say({"ready": True})
    pause: float | None = None
    due = behind = 0.0
    first = last = 0
    while True:
        wait = None if pause is None else max(0.0, due - time.monotonic())
        if select.select([sys.stdin], [], [], wait)[0]:
            word, _, rate = sys.stdin.readline().strip().partition(" ")
            if not word:
                return
            if word == "go":
                pause, due, behind = 1 / float(rate), time.monotonic(), 0.0
            else:
                pause = None
                say({"first": first, "last": last, "behind_ms": round(1000 * behind, 1)})
        elif pause is not None:
            behind = max(behind, time.monotonic() - due)
            last = publish()
            first = first or last
            due += pause


def say(answer: dict[str, object]) -> None:
    print(json.dumps(answer), flush=True)
