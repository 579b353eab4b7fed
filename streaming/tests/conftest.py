from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from streaming.tests.stage import Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path / "streams")
    yield stage
    await stage.client.aclose()
    await stage.origin.close()
