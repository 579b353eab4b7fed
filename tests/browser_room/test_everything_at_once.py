"""Announcement, poll, flash sale and coupon at the same time, on a phone and by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import desktop
from tests.room_page import Complaints, Show, opened, signed_in, viewer

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(300)]

CARDS = ("notice", "poll", "coupon", "flash")
# What must stay free, whatever hangs: where one writes, what one buys with.
FREE = ("message", "shelf-open", "like", "flash-buy", "coupon-take")
# Names of parts of which some corner, or the middle, belongs to something else or is out of sight.
COVERED = """
(names) => names.filter((name) => {
  const part = document.querySelector(`[data-part="${name}"]`);
  const { left, top, width, height } = part.getBoundingClientRect();
  return [[0.5, 0.5], [0.1, 0.2], [0.9, 0.2], [0.1, 0.8], [0.9, 0.8]].some(([x, y]) => {
    const there = document.elementFromPoint(left + x * width, top + y * height);
    return !there || !(part.contains(there) || there.closest("form, label")?.contains(part));
  });
})
"""
# Parts that the Tab key reaches, from the top of the page once around.
FOCUSED = "() => document.activeElement?.closest('[data-part]')?.dataset.part ?? ''"


def hang(show: Show, *pages: Page) -> None:
    show.stack.shell(
        "from tests.browser_room.hanging import hang_everything; "
        f"hang_everything(room={show.room}, placement={show.placement})"
    )
    for page in pages:
        for card in CARDS:
            expect(page.locator(f"[data-part={card}]")).to_be_visible()
        expect(page.locator("[data-part=flash]")).to_have_attribute(
            "data-phase", "running", timeout=15_000
        )


def test_on_a_phone_nothing_is_covered_and_all_can_be_used_and_put_aside_by_touch(
    browser: Browser, show: Show, complaints: Complaints
) -> None:
    page = opened(complaints.watch(viewer(browser, show)), show)
    for text in ("Good morning", "Does the mug keep warm?", "Two for me please"):
        page.locator("#message").fill(text)
        page.keyboard.press("Enter")
    hang(show, page)

    assert page.evaluate(COVERED, FREE) == []
    boxes = [page.locator(f"[data-part={card}]").bounding_box() for card in CARDS]
    lines = page.locator(".say").last.bounding_box()
    composer = page.locator("[data-part=composer]").bounding_box()
    for upper, lower in zip(
        [*boxes[:2], lines, *boxes[2:]], [boxes[1], lines, *boxes[2:], composer], strict=True
    ):
        assert upper
        assert lower
        assert upper["y"] + upper["height"] <= lower["y"] + 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # While one writes, what lies between the field and the keyboard makes room.
    page.locator("#message").tap()
    assert page.evaluate(COVERED, ["message"]) == []
    page.locator("#message").blur()

    # Each does what it is for.
    page.locator(".poll-option", has_text="Midnight blue").tap()
    expect(page.locator(".poll-option.is-mine")).to_contain_text("Midnight blue")
    page.locator("[data-part=coupon-take]").tap()
    expect(page.locator("[data-part=coupon]")).to_contain_text("Yours")
    page.locator("[data-part=flash-buy]").tap()
    sheet = page.locator("[data-part=buy]")
    expect(sheet.locator("[data-slot=price]")).to_have_text("¥89.00")
    sheet.locator("[data-close]:visible").first.tap()
    expect(sheet).to_be_hidden()

    # And goes away at a tap.
    for card in CARDS:
        close = page.locator(f"[data-part={card}-close]")
        box = close.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 44, card
        close.tap()
        expect(page.locator(f"[data-part={card}]")).to_be_hidden()
    pin = page.locator("[data-part=pin-card]")
    expect(pin.locator("[data-slot=price]")).to_have_text("¥89.00")
    assert page.evaluate(COVERED, ["message", "pin-card"]) == []


def test_by_keyboard_all_of_it_is_reached_used_and_put_aside(
    browser: Browser, show: Show, complaints: Complaints
) -> None:
    page = opened(complaints.watch(signed_in(desktop(browser), show, show.buyers[1])), show)
    hang(show, page)
    assert page.evaluate(COVERED, ["message", "like", "flash-buy", "coupon-take"]) == []
    reached = set()
    for _ in range(45):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(FOCUSED))
    closes = {f"{card}-close" for card in CARDS}
    assert closes | {"flash-buy", "coupon-take", "message", "poll-options"} <= reached

    page.locator(".poll-option").nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".poll-option.is-mine")).to_contain_text("Moss green")
    for card in CARDS:
        page.locator(f"[data-part={card}-close]").focus()
        page.keyboard.press("Enter")
        expect(page.locator(f"[data-part={card}]")).to_be_hidden()
        # The keyboard is not thrown back to the top of the page.
        expect(page.locator("[data-part=chat-list]")).to_be_focused()
