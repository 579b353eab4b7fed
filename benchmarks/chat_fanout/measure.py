"""One contender and one crowd: the rate it sustains, and what a window at that rate costs."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.peers import machine
from benchmarks.peers.contenders import Contender
from benchmarks.peers.load import Crowd, Publisher

# Messages a second that are tried.
LADDER = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
WARM_SECONDS = 1.0
# A slower latency than this is no chat any more.
BOUND_MS = 5_000
# Of what was published, delivered within the window: less means that a backlog grows.
KEPT_UP = 0.9
# A window has at least so many messages, however slow the rate.
FEWEST_MESSAGES = 2
DRAIN_SECONDS = 15.0


@dataclass(frozen=True)
class Window:
    """What one window has shown. `lost` counts over the whole life of the crowd."""

    rate: float
    seconds: float
    messages: int
    frames: int
    bytes: int
    cpu: float
    p50_ms: float
    p99_ms: float
    behind_ms: float
    lost: int
    viewers: int

    @property
    def per_cpu_second(self) -> float:
        return self.messages / self.cpu if self.cpu else 0.0

    @property
    def published(self) -> float:
        """Messages a second that arrived."""
        return self.messages / self.seconds / self.viewers

    @property
    def kept_up(self) -> bool:
        # An edge of the window may cut one message off.
        due = self.rate * self.seconds * self.viewers
        return self.messages >= KEPT_UP * due - self.viewers

    @property
    def sustained(self) -> bool:
        return self.kept_up and self.lost == 0 and 0 <= self.p99_ms <= BOUND_MS

    @property
    def frame_seconds(self) -> float:
        """Between two frames to one viewer."""
        return self.seconds * self.viewers / self.frames if self.frames else 0.0


class Meeting:
    """A contender's server with its crowd and its publisher."""

    def __init__(self, contender: Contender, pid: int, crowd: Crowd, publisher: Publisher) -> None:
        self.contender = contender
        self._pid = pid
        self._crowd = crowd
        self._publisher = publisher

    @property
    def viewers(self) -> int:
        return self._crowd.viewers

    def window(self, rate: float, seconds: float) -> Window:
        """Publish at `rate`, measure after a moment, stop, and wait for what is still under way."""
        seconds = max(seconds, FEWEST_MESSAGES / rate)
        self._publisher.go(rate)
        time.sleep(WARM_SECONDS)
        self._crowd.mark()
        before, began = machine.cpu_seconds(self._pid), time.monotonic()
        time.sleep(seconds)
        report = self._crowd.report()
        cpu, took = machine.cpu_seconds(self._pid) - before, time.monotonic() - began
        told = self._publisher.stop()
        return Window(
            rate=rate,
            seconds=took,
            messages=report["messages"],
            frames=report["frames"],
            bytes=report["bytes"],
            cpu=cpu,
            p50_ms=report["p50_ms"],
            p99_ms=report["p99_ms"],
            behind_ms=told["behind_ms"],
            lost=self._lost(told),
            viewers=self._crowd.viewers,
        )

    def _lost(self, told: dict[str, Any]) -> int:
        """Messages ever published that have not reached a viewer, or not in time."""
        published = told["last"] - told["first"] + 1
        give_up = time.monotonic() + DRAIN_SECONDS
        while (report := self._crowd.report())["fewest"] < published:
            if time.monotonic() > give_up:
                break
            time.sleep(0.1)
        return max(report["lost_between"], self._crowd.viewers * published - report["total"])


@contextmanager
def meeting(contender: Contender, viewers: int) -> Iterator[Meeting]:
    """Server, crowd and publisher for the duration of the block."""
    with (
        contender.serving() as pid,
        Crowd(contender.tools.load, contender.door, viewers, contender.cores) as crowd,
    ):
        seen = crowd.wait_until_joined()
        if seen["refused"]:
            raise RuntimeError(f"{contender.name} refused {seen['refused']} of {viewers} viewers")
        with contender.publisher() as publisher:
            yield Meeting(contender, pid, crowd, publisher)


def search(meeting: Meeting, seconds: float) -> float:
    """The highest rate of LADDER that is sustained; the lowest one when none is."""
    step = bisect_right(LADDER, meeting.contender.start_frames / meeting.viewers) - 1
    step = max(0, step)
    sustained = meeting.window(LADDER[step], seconds).sustained
    while sustained and step + 1 < len(LADDER):
        if not meeting.window(LADDER[step + 1], seconds).sustained:
            return LADDER[step]
        step += 1
    while not sustained and step > 0:
        step -= 1
        sustained = meeting.window(LADDER[step], seconds).sustained
    return LADDER[step]


def lower(rate: float) -> float | None:
    """The next lower rate of LADDER, if there is one."""
    step = LADDER.index(rate)
    return LADDER[step - 1] if step else None
