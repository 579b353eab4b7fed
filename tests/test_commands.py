"""`manage.py --help` tells of every command of ours in one line."""

from __future__ import annotations

import subprocess
import sys

import pytest

from liveshop.commands import own_commands
from tests.stack import ROOT


def test_every_command_of_ours_has_one_line_of_help() -> None:
    found = own_commands()
    files = {path.stem for path in ROOT.glob("*/management/commands/*.py")} - {"__init__"}
    assert set(found) == files
    for name, line in found.items():
        assert line.endswith("."), name
        assert "\n" not in line, name
        assert 20 < len(line) < 100, name


@pytest.mark.parametrize("asked", [["--help"], ["help"], []])
def test_help_lists_them(asked: list[str]) -> None:
    answer = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *asked],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    for name, line in own_commands().items():
        assert f"  {name:14} {line}" in answer.stdout
    assert "migrate" in answer.stdout
