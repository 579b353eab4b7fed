"""No input can break the origin or hold it up."""

from __future__ import annotations

from streaming.tests.fuzz import fuzz
from streaming.tests.stage import Stage


async def test_thousands_of_broken_bodies_are_taken_or_refused(stage: Stage) -> None:
    findings = await fuzz(stage, count=3000, seed=20261123)

    assert findings.faults == 0, findings.answers
    assert findings.answers[204] > 100, "some must get through, or nothing was tried"
    assert findings.answers[422] > 1000
