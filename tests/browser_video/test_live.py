"""Camera page → server → viewer page, in two real browsers against the whole product."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from playwright.sync_api import Browser, sync_playwright

from benchmarks.live_video import show
from benchmarks.live_video.watching import Pictures
from tests.browser import launch
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(240)]

# Lenient: a test machine may be busy; benchmarks measure.
SOON_MS = 8000


@pytest.fixture(scope="module")
def browsers() -> Iterator[tuple[Browser, Browser]]:
    with sync_playwright() as playwright:
        anchors, viewers = launch(playwright), launch(playwright)
        yield anchors, viewers
        anchors.close()
        viewers.close()


@pytest.fixture
def opened(stack: Stack) -> dict[str, Any]:
    return show.heard(stack.shell(show.OPEN_SHOW))


def moving(page: Any, seconds: int = 3) -> Pictures:
    began = page.evaluate("Date.now()")
    page.wait_for_timeout(seconds * 1000)
    return Pictures.of(page, began)


def recorded_codecs(stack: Stack, key: str) -> list[str]:
    folder = Path(stack.data) / "streams" / key
    movie = (folder / "init-0.mp4").read_bytes() + (folder / "seg-1.m4s").read_bytes()
    with av.open(io.BytesIO(movie)) as container:
        return sorted(stream.codec_context.name for stream in container.streams)


def test_a_viewer_sees_the_anchor_and_a_second_device_takes_over(stack, browsers, opened):
    anchors, viewers = browsers
    first = show.Anchor(anchors, stack, opened["slug"], opened["session"])
    first.go_live()
    with show.viewer(viewers, stack, opened["slug"]) as page:
        seen = moving(page)
        assert seen.latencies, "no picture carries the anchor's clock"
        assert seen.percentile(50) < SOON_MS

        second = show.Anchor(anchors, stack, opened["slug"], opened["session"])
        second.go_live()

        first.page.wait_for_selector("[data-camera='refused']", timeout=15_000)
        assert second.page.locator("[data-camera='live']").count() == 1
        page.wait_for_timeout(3000)
        assert moving(page).latencies, "the viewer did not follow to the second device"
    assert recorded_codecs(stack, opened["key"])[0] == "h264"
    first.context.close()
    second.context.close()


def test_a_browser_without_track_processor_sends_picture_and_sound(stack, browsers, opened):
    anchors, viewers = browsers
    without = "delete window.MediaStreamTrackProcessor"
    anchor = show.Anchor(anchors, stack, opened["slug"], opened["session"], prelude=without)
    assert anchor.page.evaluate("'MediaStreamTrackProcessor' in window") is False

    anchor.go_live()

    with show.viewer(viewers, stack, opened["slug"]) as page:
        assert moving(page).latencies
    codecs = recorded_codecs(stack, opened["key"])
    assert "h264" in codecs
    assert {"opus", "aac"} & set(codecs), f"no sound in {codecs}"
    anchor.context.close()
