"""The drill of a flash sale's start, short: `python -m drills.flash_start` does it in full."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.stack import ROOT

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

# The drill itself asks for 250 ms; a machine that runs other tests too is slower than that.
WIDE_MS = 2000


def test_two_hundred_viewers_start_by_the_server_s_clock() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "drills.flash_start", "--quick", "--promised-ms", str(WIDE_MS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=220,
    )
    assert done.stdout.strip(), done.stderr[-3000:]
    verdict = json.loads(done.stdout.splitlines()[-1])
    assert verdict["ok"], verdict["all_faults"]
    assert (verdict["attempts"], verdict["sales"], verdict["servers"]) == (400, 2, 2)
    assert [verdict[name] for name in ("faults", "oversold", "lost", "unbalanced")] == [0] * 4
    # By their own clocks they would have been off by far more than the bar.
    assert verdict["devices_off_ms"]["median"] > 100 * WIDE_MS
    # What is measured differs, and is told as it is.
    assert 0 < verdict["median_ms"] <= verdict["p99_ms"] <= verdict["max_ms"] <= WIDE_MS
