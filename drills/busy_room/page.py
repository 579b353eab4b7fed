"""One viewer's page in Chromium, its processor slowed down four times."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser import chromium, phone
from tests.market import heard
from tests.stack import ROOT, Stack

VIEWERS = 200
LINES_PER_SECOND = 50
# One account may say a line a second.
TALKERS = 60
THROTTLE = 4
# The page is a phone's: what else this machine runs must not take its processor.
POLITE = 10
# What fills at first: the list of lines, caches, compiled code.
SETTLE_SECONDS = 15.0

LONGEST_TASK_MS = 100.0
MOST_ELEMENTS = 1_500
HEAP_GROWTH_MB = 1.0

WATCH = """
window.busy = {longest: 0, tasks: 0};
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    busy.longest = Math.max(busy.longest, entry.duration);
    busy.tasks += 1;
  }
}).observe({type: "longtask"});
"""
LOOK = """() => {
  const seen = {...busy, elements: document.querySelectorAll("*").length,
                lines: document.querySelector("[data-part=chat-list]").childElementCount,
                sampled: !document.querySelector("[data-part=sampled]").hidden,
                last: document.querySelector("[data-part=chat-list]").lastElementChild?.dataset.id};
  return seen;
}"""
FORGET = "busy.longest = busy.tasks = 0"
ANCHOR = """
import time
from rooms import actions
from rooms.models import Room
room = Room.objects.select_related('anchor').get(pk={room})
while True:
    for placement in ({placement}, None):
        actions.pin(room=room, placement_id=placement, actor=room.anchor)
        time.sleep(2)
"""


@dataclass
class Seen:
    """Samples of the page, `heap_mb` after a collection of garbage, `at` in minutes."""

    longest_ms: float = 0.0
    long_tasks: int = 0
    elements: int = 0
    nodes: int = 0
    lines: int = 0
    sampled: bool = False
    moving: bool = True
    at: list[float] = field(default_factory=list)
    heap_mb: list[float] = field(default_factory=list)
    crowd: dict[str, int] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    @property
    def growth_mb(self) -> float:
        """How much the heap grew over the whole time, by a straight line through the samples."""
        count = len(self.at)
        mean_at, mean_mb = sum(self.at) / count, sum(self.heap_mb) / count
        spread = sum((at - mean_at) ** 2 for at in self.at)
        both = sum(
            (a - mean_at) * (m - mean_mb) for a, m in zip(self.at, self.heap_mb, strict=True)
        )
        return both / spread * (self.at[-1] - self.at[0])


@contextmanager
def running_room(data: Path) -> Iterator[tuple[Stack, dict[str, Any]]]:
    """The whole product with a show on air; the show's facts as `tests.show.open_show` says them."""
    with Stack(data, niceness=POLITE) as stack:
        market = heard(
            stack.shell(
                f"from tests.market import open_market; open_market(buyers={TALKERS + 1}, stock=9999)"
            )
        )
        show = heard(
            stack.shell(
                "from tests.show import open_show; "
                f"open_show(listing_variant={market['listing_variant']})"
            )
        )
        yield stack, show


@contextmanager
def crowd(stack: Stack, show: dict[str, Any], seen: Seen) -> Iterator[None]:
    """200 viewers and an anchor who pins; counted into `seen.crowd` at the end."""
    order = {
        "url": f"ws://127.0.0.1:{stack.port}/ws/rooms/{show['room']}/",
        "viewers": VIEWERS,
        "per_second": LINES_PER_SECOND,
        "sessions": show["buyers"][:TALKERS],
        "placement": show["placement"],
        "variant": show["variant"],
    }
    words = [sys.executable, "-m", "drills.busy_room.crowd"]
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=partial(os.nice, POLITE),
    )
    anchor = subprocess.Popen(
        [
            sys.executable,
            str(ROOT / "manage.py"),
            "shell",
            "--no-imports",
            "-c",
            ANCHOR.format(**show),
        ],
        env={**stack.environment, "LIVESHOP_SUPERVISED": "1"},
        stdout=subprocess.DEVNULL,
        preexec_fn=partial(os.nice, POLITE),
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["in"] == VIEWERS
        yield
        output, _ = process.communicate(timeout=30)
        seen.crowd = json.loads(output)
    finally:
        for child in (process, anchor):
            child.kill()
            child.wait()


def measure(data: Path, *, looks: int, every: float) -> Seen:
    """Watch the room and look at the page `looks` times, with `every` seconds before each."""
    seen = Seen()
    with (
        running_room(data) as (stack, show),
        chromium() as browser,
        crowd(stack, show, seen),
    ):
        page = _opened(browser, stack, show, seen)
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
        session.send("HeapProfiler.enable")
        page.wait_for_timeout(1000 * SETTLE_SECONDS)
        session.send("HeapProfiler.collectGarbage")
        page.evaluate(FORGET)
        began = time.monotonic()
        last = ""
        for _ in range(looks):
            page.wait_for_timeout(1000 * every)
            look = page.evaluate(LOOK)
            seen.longest_ms = max(seen.longest_ms, look["longest"])
            seen.long_tasks += look["tasks"]
            seen.elements = max(seen.elements, look["elements"])
            seen.lines = max(seen.lines, look["lines"])
            seen.sampled = seen.sampled or look["sampled"]
            seen.moving = seen.moving and look["last"] != last
            last = look["last"]
            session.send("HeapProfiler.collectGarbage")
            heap = session.send("Runtime.getHeapUsage")
            seen.nodes = max(seen.nodes, session.send("Memory.getDOMCounters")["nodes"])
            seen.heap_mb.append(heap["usedSize"] / 2**20)
            seen.at.append((time.monotonic() - began) / 60)
            print(f"{seen.at[-1]:.1f} min {seen.heap_mb[-1]:.2f} MB {look}", flush=True)
            # Collecting is our own doing.
            page.evaluate(FORGET)
        page.context.close()
    return seen


def _opened(browser: Browser, stack: Stack, show: dict[str, Any], seen: Seen) -> Page:
    context = phone(browser)
    cookie = {"name": "sessionid", "value": show["buyers"][TALKERS], "url": stack.base_url}
    context.add_cookies([cookie])  # type: ignore[list-item]
    page = context.new_page()
    page.add_init_script(WATCH)
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.goto(f"{stack.base_url}/rooms/{show['slug']}/")
    expect(page.locator("live-room.is-ready")).to_be_attached()
    return page
