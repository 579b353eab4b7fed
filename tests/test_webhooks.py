"""The drill of webhooks, short: `python -m drills.webhooks` does it in full."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.stack import ROOT

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


def drill(*words: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "drills.webhooks", "--kills", "2", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.stdout, done.stderr[-3000:]
    verdict: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert verdict["ok"] == (done.returncode == 0)
    return verdict


def test_every_state_is_what_the_provider_s_truth_implies():
    verdict = drill("--deliveries", "500")
    assert verdict["ok"], verdict
    assert verdict["kills"] == 2
    assert verdict["refunds"] > 0
    assert verdict["outcomes"]["true 200"] > 200
    refused = sum(count for what, count in verdict["outcomes"].items() if what.endswith(" 400"))
    assert refused > 100


def test_negative_control_without_the_check_of_signatures_the_drill_finds_wrong_states():
    verdict = drill("--deliveries", "300", "--unguarded")
    assert not verdict["ok"]
    assert verdict["forged_accepted"] > 0
    assert verdict["wrong_states"] > 0
    assert verdict["faults"] > 0
