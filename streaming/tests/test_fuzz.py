"""No input can break the origin or hold it up. At length: `make drill NAME=fuzz_ingest`."""

from __future__ import annotations

import random
from contextlib import suppress

from streaming.origin.boxes import BadMedia, parse_init, parse_part
from streaming.tests import muxer
from streaming.tests.fuzz import cases, fuzz
from streaming.tests.stage import Stage


def test_thousands_of_broken_boxes_are_read_or_refused() -> None:
    right = parse_init(muxer.init(audio=muxer.audio_entry()))
    read = refused = 0

    for init, part in cases(random.Random(4), 5000):
        try:
            with suppress(BadMedia):
                parse_init(init)
            if part is not None:
                parse_part(part, right)
            read += 1
        except BadMedia:
            refused += 1

    assert read > 100, "some must get through, or nothing was tried"
    assert refused > 1000


async def test_broken_bodies_are_answered_204_or_422(stage: Stage) -> None:
    findings = await fuzz(stage, count=500, seed=20261123)

    assert findings.faults == 0, findings.answers
    assert findings.answers[204] > 20
    assert findings.answers[422] > 200
