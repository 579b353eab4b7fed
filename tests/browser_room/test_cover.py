"""An anchor plans a show with a cover, changes it, and sees it where viewers do."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser import desktop, phone
from tests.room_page import Complaints, Show, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(300)]


def picture(colour: str) -> FilePayload:
    out = BytesIO()
    Image.new("RGB", (1200, 900), colour).save(out, "JPEG")
    return {"name": "cover.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def colour_of(page: Page, locator: str) -> tuple[int, ...]:
    """The middle of the picture as it is drawn."""
    image = page.locator(locator).first
    image.scroll_into_view_if_needed()
    page.wait_for_function(
        "image => image.complete && image.naturalWidth > 0", arg=image.element_handle()
    )
    shot = Image.open(BytesIO(image.screenshot())).convert("RGB")
    return shot.getpixel((shot.width // 2, shot.height // 2))  # type: ignore[return-value]


@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_a_cover_is_given_changed_and_removed(
    browser: Browser, show: Show, complaints: Complaints, screen: str
) -> None:
    context = (phone if screen == "phone" else desktop)(browser)
    page = complaints.watch(signed_in(context, show, show.anchor))
    page.goto(f"{show.stack.base_url}/studio/")
    plan = page.locator("form[action$='/studio/rooms/']")
    plan.get_by_label("Title").fill(f"Linen on {screen}")
    plan.get_by_label("Cover").set_input_files(picture("teal"))
    plan.get_by_role("button", name="Plan it").click()
    expect(page.locator(".desk-title")).to_have_text(f"Linen on {screen}")
    # THEN the studio shows it
    page.goto(f"{show.stack.base_url}/studio/")
    card = page.locator(".planned", has_text=f"Linen on {screen}")
    _red, green, _blue = colour_of(page, f".planned:has-text('Linen on {screen}') img")
    assert green > 90
    # WHEN it is changed, by keyboard
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    card.get_by_label("Picture").set_input_files(picture("crimson"))
    if folder := os.environ.get("LOOKS"):
        page.screenshot(path=Path(folder) / f"cover-{screen}.png", full_page=True)
    card.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The cover is saved.")).to_be_visible()
    red, green, _blue = colour_of(page, f".planned:has-text('Linen on {screen}') img")
    assert red > 180
    assert green < 90
    # WHEN it is removed
    card.locator("summary").click()
    card.get_by_role("button", name="Remove the cover").click()
    expect(page.get_by_text("The cover is gone.")).to_be_visible()
    expect(card.locator("img")).to_have_count(0)
