"""`python -m benchmarks.live_video [--short]`: latency, smoothness, cost, and two faults.

A real anchor page and a real viewer page in two Chromium processes, against the whole product
(`manage.py up`). The peer is plain HLS from the same segments of one second, three segments from
the edge. Latency is from the clock drawn into a picture before encoding to the moment the viewer's
browser presents it.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
from playwright.sync_api import sync_playwright

from benchmarks.live_video import show
from benchmarks.live_video.watching import Pictures
from tests.browser import launch
from tests.stack import Stack

# A viewer needs a moment to settle at the edge; measuring begins after it.
SETTLE_SECONDS = 4
OFFLINE_SECONDS = 5
FAULT_PATIENCE_SECONDS = 20
BACK_LATENCY_MS = 2000
# The segment that was open when the server was killed.
LOST_AT_KILL_SECONDS = 2.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live_video")
    parser.add_argument(
        "--short", action="store_true", help="one round of 8 s instead of two of 15 s"
    )
    options = parser.parse_args()
    rounds, seconds = (1, 8) if options.short else (2, 15)
    with (
        tempfile.TemporaryDirectory(prefix="liveshop-bench-") as folder,
        Stack(Path(folder)) as stack,
        sync_playwright() as playwright,
    ):
        result = Benchmark(stack, playwright, rounds, seconds).run()
    print(json.dumps(result))
    return 0


class Benchmark:
    def __init__(self, stack: Stack, playwright: Any, rounds: int, seconds: int) -> None:
        self.stack = stack
        self.rounds = rounds
        self.seconds = seconds
        opened = show.heard(stack.shell(show.OPEN_SHOW))
        self.slug: str = opened["slug"]
        self.anchors, self.viewers = launch(playwright), launch(playwright)
        self.anchor = show.Anchor(self.anchors, stack, self.slug, opened["session"])

    def run(self) -> dict[str, Any]:
        self.anchor.go_live()
        began = time.time()
        self.addresses = show.heard(self.stack.shell(show.ADDRESSES % self.slug))
        ours, peer = Pictures(()), Pictures(())
        startup: list[int] = []
        cpu: list[float] = []
        stalls = 0
        for number in range(self.rounds):
            with show.viewer(self.viewers, self.stack, self.slug) as page:
                startup.append(page.startup_ms)
                seen, used = self._watch(page, with_cpu=True)
            say(f"round {number + 1}: LL-HLS p50 {seen.percentile(50)} ms, {seen.per_second} fps")
            ours, stalls = ours + seen, stalls + seen.stalls
            cpu.append(used)
            with show.plain_viewer(self.viewers, self.stack, self.addresses["hls"]) as page:
                seen, _ = self._watch(page)
            say(
                f"round {number + 1}: plain HLS p50 {seen.percentile(50)} ms, {seen.per_second} fps"
            )
            peer += seen
        with show.viewer(self.viewers, self.stack, self.slug) as page:
            page.wait_for_timeout(SETTLE_SECONDS * 1000)
            offline = self._offline(page)
            say(f"offline {OFFLINE_SECONDS} s: under {BACK_LATENCY_MS} ms again after {offline} ms")
            killed, server_back = self._kill(page)
            say(f"killed: server answers after {server_back} ms, fresh picture after {killed} ms")
            page.wait_for_timeout(SETTLE_SECONDS * 1000)
        self.anchor.page.wait_for_timeout(1000)
        on_air = time.time() - began
        recorded = self._recorded()
        off_air = time.time() - began
        say(f"on air {on_air:.1f} s, recorded {recorded:.1f} s")
        p50, plain = ours.percentile(50), peer.percentile(50)
        self.anchors.close()
        self.viewers.close()
        return {
            "name": "live_video",
            "ours": p50,
            "unit": "ms glass to glass, p50",
            "peers": {"plain_hls": plain},
            "ratio": {"plain_hls": round(plain / p50, 2)},
            "p50_ms": p50,
            "p95_ms": ours.percentile(95),
            "plain_p95_ms": peer.percentile(95),
            "fps_presented": round(len(ours.latencies) / (self.rounds * self.seconds), 1),
            "stalls": stalls,
            "startup_ms": max(startup),
            "server_core_percent": round(sum(cpu) / len(cpu), 2),
            "recovered_after_offline_ms": offline,
            "viewers_back_after_kill_ms": killed,
            "server_back_after_kill_ms": server_back,
            "on_air_seconds": round(on_air, 1),
            "recorded_seconds": round(recorded, 1),
            # Not less than was sent, and nothing twice.
            "recording_kept": on_air - LOST_AT_KILL_SECONDS < recorded < off_air + 1,
        }

    def _watch(self, page: Any, *, with_cpu: bool = False) -> tuple[Pictures, float]:
        """What was shown in the window, and percent of a core that the server used meanwhile."""
        page.wait_for_timeout(SETTLE_SECONDS * 1000)
        server = self._server()
        since, before = time.time(), spent(server)
        page.wait_for_timeout(self.seconds * 1000)
        used = 100 * (spent(server) - before) / (time.time() - since) if with_cpu else 0.0
        return Pictures.of(page, since * 1000), used

    def _offline(self, page: Any) -> int | None:
        """Milliseconds from the return of the network until the viewer is near the edge again."""
        self.anchor.context.set_offline(True)
        page.wait_for_timeout(OFFLINE_SECONDS * 1000)
        self.anchor.context.set_offline(False)
        return self._until_fresh(page, time.time() * 1000, BACK_LATENCY_MS)

    def _kill(self, page: Any) -> tuple[int | None, int]:
        """Milliseconds from the kill until a picture taken after it is shown, and until an answer."""
        server = self._server()
        at = time.time() * 1000
        server.kill()
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(self._first_answer)
            return self._until_fresh(page, at), round(answer.result() - at)

    def _first_answer(self) -> float:
        give_up = time.time() + FAULT_PATIENCE_SECONDS
        while time.time() < give_up:
            try:
                httpx.get(f"{self.stack.base_url}/healthz", timeout=1)
            except httpx.HTTPError:
                time.sleep(0.05)
            else:
                break
        return time.time() * 1000

    def _until_fresh(self, page: Any, since: float, below: float = float("inf")) -> int | None:
        give_up = time.time() + FAULT_PATIENCE_SECONDS
        while time.time() < give_up:
            page.wait_for_timeout(250)
            found = Pictures.of(page, since).first_fresh(since, below)
            if found is not None:
                return found
        return None

    def _server(self) -> psutil.Process:
        [pid] = self.stack.pids("manage.py serve")
        return psutil.Process(pid)

    def _recorded(self) -> float:
        """Seconds in the replay after the end of the show."""
        show.heard(self.stack.shell(show.END_SHOW % self.slug))
        url = show.heard(self.stack.shell(show.REPLAY % self.slug))["url"]
        give_up = time.time() + FAULT_PATIENCE_SECONDS
        while True:
            answer = httpx.get(self.stack.base_url + url)
            if answer.status_code == 200 or time.time() > give_up:
                break
            time.sleep(0.5)
        answer.raise_for_status()
        return sum(map(float, re.findall(r"#EXTINF:([\d.]+)", answer.text)))


def spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
