"""Finds a real Chromium and opens it as a phone or a desktop, camera included."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream=fps=30",
    "--use-fake-ui-for-media-stream",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}


def launch(playwright: Playwright) -> Browser:
    """A headless Chromium: the system's, else Playwright's own. Fails loudly when there is none."""
    executable = next((path for name in NAMES if (path := shutil.which(name))), None)
    try:
        return playwright.chromium.launch(
            executable_path=executable, args=FLAGS, ignore_default_args=["--mute-audio"]
        )
    except Exception as error:
        raise AssertionError(
            "Browser tests need Chromium, and none could be started. Install it "
            "(Debian: apt install chromium; else: .venv/bin/playwright install chromium).\n"
            f"{error}"
        ) from error


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser process of its own."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            yield browser
        finally:
            browser.close()


def phone(browser: Browser, **options: object) -> BrowserContext:
    return browser.new_context(
        viewport=PHONE,
        has_touch=True,
        is_mobile=True,
        locale="en",
        **options,  # type: ignore[arg-type]
    )


def desktop(browser: Browser, **options: object) -> BrowserContext:
    return browser.new_context(viewport=DESKTOP, locale="en", **options)  # type: ignore[arg-type]
