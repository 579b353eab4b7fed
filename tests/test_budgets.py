"""Byte budgets of the room page, read from what the build really made."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.stack import ROOT

DIST = ROOT / "static" / "dist"
KB = 1024


@pytest.fixture(scope="module")
def manifest():
    return json.loads((DIST / "manifest.json").read_text())


def loaded_at_once(manifest, *entries, kind="file"):
    """Files that the entries load before anything is asked for (no dynamic imports)."""
    seen, files, todo = set(), set(), list(entries)
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        chunk = manifest[name]
        files.update([chunk["file"]] if kind == "file" else chunk.get("css", []))
        if kind == "css" and chunk["file"].endswith(".css"):
            files.add(chunk["file"])
        todo += chunk.get("imports", [])
    return files


def gzipped(files):
    return sum(len(gzip.compress((DIST / file).read_bytes(), 9)) for file in files)


def test_the_room_s_script_stays_under_35_kb_before_the_player(manifest):
    files = loaded_at_once(manifest, "frontend/src/base.ts", "frontend/src/room/main.ts")
    assert 2 * KB < gzipped(files) <= 35 * KB


def test_with_the_player_s_engine_it_stays_under_160_kb(manifest):
    at_once = loaded_at_once(manifest, "frontend/src/base.ts", "frontend/src/room/main.ts")
    engine = {chunk["file"] for name, chunk in manifest.items() if "engine-hls" in name}
    assert engine, "the player's engine must be a chunk of its own"
    assert not engine & at_once
    assert gzipped(at_once | engine) <= 160 * KB


def test_the_room_s_styles_stay_under_20_kb(manifest):
    entries = ("frontend/css/site.css", "frontend/src/base.ts", "frontend/src/room/main.ts")
    assert KB < gzipped(loaded_at_once(manifest, *entries, kind="css")) <= 20 * KB
