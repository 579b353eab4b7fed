"""A room passed on by link, QR code and copy; a show that is still to come: reminder and calendar."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import icalendar
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.browser import desktop, phone
from tests.room_page import Complaints, Show, opened, signed_in, viewer

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(300)]

PLAN = """
from datetime import datetime
from django.utils import timezone
plan = actions.create_room(anchor=anchor, title="Evening table")
actions.schedule_room(room=plan, at=datetime.fromisoformat("{at}"), actor=anchor)
Room.objects.filter(pk=plan.pk).update(slug="{slug}")
"""
SOON = """
from datetime import datetime
from rooms import reminders
plan = Room.objects.get(slug="{slug}")
actions.schedule_room(room=plan, at=datetime.fromisoformat("{at}"), actor=anchor)
reminders.tell_due()
"""


@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_a_room_is_shared_by_link_code_and_copy(
    browser: Browser, show: Show, complaints: Complaints, screen: str
) -> None:
    may = ["clipboard-read", "clipboard-write"]
    context = (phone if screen == "phone" else desktop)(browser, permissions=may)
    page = opened(complaints.watch(context.new_page()), show)
    opener = page.locator("[data-open=share]")
    opener.click()
    sheet = page.get_by_role("dialog", name="Share this room")
    expect(sheet).to_be_in_viewport(ratio=0.99)
    link = sheet.get_by_label("Link")
    expect(link).to_have_value(show.url)

    # A camera that looks at the screen reads the same address.
    code = sheet.get_by_role("img", name="QR code of this room's address")
    page.wait_for_function(
        "image => image.complete && image.naturalWidth > 0", arg=code.element_handle()
    )
    seen = zxingcpp.read_barcodes(Image.open(io.BytesIO(code.screenshot(scale="device"))))
    assert [barcode.text for barcode in seen] == [show.url]

    copy = sheet.get_by_role("button", name="Copy link")
    copy.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Copied")
    # It lies over the sheet, not under it.
    expect(page.locator("#toasts [data-toast]").last).to_be_in_viewport()
    assert page.evaluate(ON_TOP)
    assert page.evaluate("navigator.clipboard.readText()") == show.url

    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(opener).to_be_focused()
    expect(page.locator("body > #toasts:not([popover])")).to_be_attached()


ON_TOP = """
() => {
  const toast = [...document.querySelectorAll("#toasts [data-toast]")].at(-1);
  const { left, top, width, height } = toast.getBoundingClientRect();
  return toast.contains(document.elementFromPoint(left + width / 2, top + height / 2));
}
"""


def test_a_show_to_come_is_remembered_and_put_into_a_calendar(
    browser: Browser, show: Show, complaints: Complaints, tmp_path: Path
) -> None:
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=5)
    slug = f"evening-{show.room}"
    show.do(PLAN.format(at=at.isoformat(), slug=slug))
    url = f"{show.stack.base_url}/rooms/{slug}/"

    # A guest is led to sign in, and back.
    guest = complaints.watch(phone(browser).new_page())
    guest.goto(url)
    guest.get_by_role("link", name="Remind me").tap()
    expect(guest).to_have_url(re.compile(rf"/login/\?next=/rooms/{slug}/"))

    page = complaints.watch(
        signed_in(phone(browser, timezone_id="Asia/Shanghai"), show, show.buyers[0])
    )
    page.goto(url)
    expect(page.locator("live-room.is-ready")).to_be_attached()
    scene = page.locator("[data-when=scheduled]")
    expect(scene).to_contain_text("Evening table")
    expect(scene.locator("[data-slot=countdown]")).to_have_text(re.compile(r"^(4:59|5:00):\d\d$"))
    # The time of day is the reader's own.
    there = at.astimezone(timezone(timedelta(hours=8)))
    expect(scene.locator("time")).to_contain_text(f"{there:%M}")
    expect(scene.locator("time")).to_contain_text(f"{there:%I}:")

    remind = scene.get_by_role("button", name="Remind me")
    remind.tap()
    done = scene.get_by_role("button", name="You will be reminded")
    expect(done).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("You will hear from us ten minutes before.")
    done.tap()
    expect(remind).to_be_visible()
    remind.tap()
    expect(done).to_be_visible()

    with page.expect_download() as coming:
        scene.get_by_role("link", name="Add to calendar").tap()
    file = tmp_path / coming.value.suggested_filename
    coming.value.save_as(file)
    assert file.suffix == ".ics"
    (event,) = icalendar.Calendar.from_ical(file.read_bytes()).walk("VEVENT")
    assert "Evening table" in event["SUMMARY"]
    assert event["DTSTART"].dt == at
    assert url in str(event.to_ical())

    # Ten minutes before, whatever page is open next says so, and leads there.
    show.do(SOON.format(at=(at - timedelta(hours=4, minutes=55)).isoformat(), slug=slug))
    page.goto(f"{show.stack.base_url}/goods/")
    notice = page.locator("#toasts", has_text="Evening table")
    expect(notice).to_be_visible()
    notice.get_by_role("link").first.tap()
    page.wait_for_url(url)
    other = viewer(browser, show, 1)
    other.goto(f"{show.stack.base_url}/goods/")
    expect(other.locator("#toasts")).not_to_contain_text("Evening table")
