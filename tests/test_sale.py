"""One sale from camera to refund, by real people's hands: three browsers and the whole product.

A newly registered anchor goes live; a viewer watches, talks and buys in two taps; the supplier
ships; the buyer receives and returns; the supplier inspects; the money goes back.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import desktop, launch, phone
from tests.market import PASSWORD, heard
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(300)]

STOCK = 20
ON_AIR_SECONDS = 60
SUBMIT = "main form button[type=submit], main form button:not([type])"
# What Chromium says of itself: a starved machine drops frames inside its own transferred streams.
BROWSER_NOTES = ("Failed to load resource", "garbage collected without being closed")
expect.set_options(timeout=20_000)


@pytest.fixture
def two_browsers() -> Iterator[tuple[Browser, Browser]]:
    """The anchor's and the viewer's: processes of their own, so neither can feed the other."""
    with sync_playwright() as playwright:
        anchor, viewer = launch(playwright), launch(playwright)
        try:
            yield anchor, viewer
        finally:
            anchor.close()
            viewer.close()


class Person:
    """A page with its complaints kept: script errors and refused content fail the test."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.base_url = base_url
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)

    def _hear(self, message: Any) -> None:
        if message.type == "error" and not any(note in message.text for note in BROWSER_NOTES):
            self.complaints.append(message.text)

    def go(self, path: str) -> None:
        self.page.goto(self.base_url + path)

    def sign_in(self, name: str, then: str) -> None:
        self.go(f"/accounts/login/?next={then}")
        self.page.fill("[name=login]", name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click(SUBMIT)
        self.page.wait_for_url(f"**{then}")

    def press(self, selector: str) -> None:
        """Press a form's button and answer its question, if it asks one, with yes."""
        button = self.page.locator(selector).first
        asks = button.evaluate("b => !!b.closest('form')?.dataset.confirm || !!b.dataset.confirm")
        button.click()
        if asks:
            self.page.click("#confirm button[value=yes]")
        self.page.wait_for_load_state()

    def until(self, path: str, selector: str, seconds: float = 30) -> None:
        """Reload a page until it shows what a background process brings."""
        give_up = time.monotonic() + seconds
        while True:
            self.go(path)
            if self.page.locator(selector).count():
                return
            assert time.monotonic() < give_up, f"{path} never showed {selector}"
            time.sleep(0.5)


def test_from_camera_to_refund(stack: Stack, two_browsers: tuple[Browser, Browser]) -> None:
    market = heard(
        stack.shell(f"from tests.market import open_market; open_market(buyers=1, stock={STOCK})")
    )
    anchors, viewers = two_browsers
    anchor = Person(
        desktop(anchors, permissions=["camera", "microphone"]).new_page(), stack.base_url
    )
    viewer = Person(phone(viewers).new_page(), stack.base_url)

    slug = goes_on_air_within_a_minute(anchor)
    watches_a_moving_picture(viewer, slug)
    talk_both_ways(anchor, viewer)
    pins(anchor, viewer)
    number = buys_in_two_taps(viewer)

    buyer = Person(viewer.page.context.new_page(), stack.base_url)
    clerk = Person(desktop(anchors).new_page(), stack.base_url)
    clerk.sign_in("clerk", "/supplier/")
    parcel_travels(buyer, clerk, number)
    comes_back_and_is_refunded(buyer, clerk, number)

    wait_for(lambda: books(stack)["stock"] == [STOCK, 0])
    told = books(stack)
    assert told["ledger"] == 0
    assert told["unbalanced"] == 0
    assert set(told["balances"].values()) <= {0}, told["balances"]
    assert told["refunded"] == told["paid"] > 0
    for person in (anchor, viewer, buyer, clerk):
        assert person.complaints == []
    assert market["offer"]


def goes_on_air_within_a_minute(anchor: Person) -> str:
    page = anchor.page
    began = time.monotonic()
    anchor.go("/accounts/signup/?next=/studio/")
    page.fill("[name=username]", "newcomer")
    page.fill("[name=email]", "newcomer@example.com")
    page.fill("[name=password1]", PASSWORD)
    page.click(SUBMIT)
    page.wait_for_url("**/studio/")
    page.click("form[action$='/studio/go-live/'] button")
    page.wait_for_url(re.compile(r"/studio/newcomer"))
    slug = page.url.rstrip("/").rsplit("/", 1)[-1]
    page.click("[data-part=live-on]")
    expect(page.locator("[data-part=live-on]")).to_be_hidden()
    wait_for(
        lambda: (
            page.request.get(f"{anchor.base_url}/api/v1/rooms/{slug}/snapshot").json()["video"][
                "state"
            ]
            == "live"
        )
    )
    assert time.monotonic() - began < ON_AIR_SECONDS
    page.locator("button:has-text('Add goods'):visible").first.click()
    page.locator("dialog[open] [data-listing]").first.click()
    expect(page.locator("dialog[open] [data-listing]")).to_have_text("Added")
    page.keyboard.press("Escape")
    expect(page.locator(".piece")).to_have_count(1)
    return slug


def watches_a_moving_picture(viewer: Person, slug: str) -> None:
    page = viewer.page
    viewer.sign_in("buyer0", f"/rooms/{slug}/")
    wait_for(lambda: video(page)["width"] > 0 and video(page)["time"] > 0)
    before, still = video(page), picture(page)
    time.sleep(1)
    after, later = video(page), picture(page)
    assert after["time"] > before["time"]
    assert after["frames"] > before["frames"]
    assert later != still


def video(page: Page) -> dict[str, float]:
    facts: dict[str, float] = page.evaluate(
        """() => { const v = document.querySelector('video');
        return {time: v.currentTime, width: v.videoWidth,
                frames: v.getVideoPlaybackQuality().totalVideoFrames}; }"""
    )
    return facts


def picture(page: Page) -> str:
    """A digest of what the viewer sees of the video."""
    return hashlib.sha256(page.locator("video").screenshot()).hexdigest()


def talk_both_ways(anchor: Person, viewer: Person) -> None:
    for speaker, listener, words in (
        (viewer, anchor, "Is it dishwasher safe?"),
        (anchor, viewer, "Yes, and the <b>microwave</b> too."),
    ):
        speaker.page.fill("[data-part=message]", words)
        speaker.page.press("[data-part=message]", "Enter")
        expect(listener.page.locator("[data-part=chat-list]")).to_contain_text(words)


def pins(anchor: Person, viewer: Person) -> None:
    anchor.page.click(".piece [data-part=pin]")
    expect(viewer.page.locator("[data-part=pin-card]")).to_contain_text("Stoneware mug")


def buys_in_two_taps(viewer: Person) -> str:
    page = viewer.page
    page.evaluate("window.stayed = true")
    seconds = video(page)["time"]
    page.click("[data-part=pin-card] [data-buy]")
    page.click("dialog[open] .buy-pay")
    expect(page.locator("[data-part=buy][data-phase=paid]")).to_be_visible()
    number = page.locator("dialog[open] [data-slot=order]:visible").inner_text()
    assert page.evaluate("window.stayed") is True
    assert video(page)["time"] > seconds
    return number


def parcel_travels(buyer: Person, clerk: Person, number: str) -> None:
    buyer.until(f"/orders/{number}/", "form[action$='/ship-now/']")
    buyer.press("form[action$='/ship-now/'] button")
    clerk.until("/supplier/purchase-orders/", "main a[href*='/supplier/purchase-orders/']:visible")
    clerk.page.locator(
        "main a[href*='/supplier/purchase-orders/']:visible", has_text=""
    ).last.click()
    clerk.page.fill("[name=carrier]", "SF Express")
    clerk.page.fill("[name=tracking_number]", "SF1234567890")
    clerk.press("form[action$='/ship/'] button")
    clerk.press("form[action*='/delivered/'] button")
    buyer.until(f"/orders/{number}/", "form[action$='/confirm/']")
    expect(buyer.page.locator("main")).to_contain_text("SF1234567890")


def comes_back_and_is_refunded(buyer: Person, clerk: Person, number: str) -> None:
    buyer.page.locator("a[href*='/claim/']").first.click()
    buyer.page.select_option("[name=reason]", "not_as_shown")
    buyer.page.fill("[name=description]", "It is smaller than it looked.")
    buyer.press(SUBMIT)
    case = buyer.page.url.rstrip("/").rsplit("/", 1)[-1]
    clerk.go(f"/supplier/cases/{case}/")
    clerk.press("button[formaction$='/approve/']")
    buyer.until(f"/orders/cases/{case}/", "form[action$='/dispatch/']")
    buyer.page.fill("form[action$='/dispatch/'] [name=carrier]", "ZTO")
    buyer.page.fill("form[action$='/dispatch/'] [name=tracking_number]", "ZT42")
    buyer.press("form[action$='/dispatch/'] button")
    clerk.go("/supplier/returns/")
    clerk.page.locator("main a[href*='/supplier/returns/']:visible").last.click()
    clerk.press("form[action$='/receive/'] button")
    clerk.page.check("[name=verdict][value=accept]")
    clerk.page.check("[name=restock]")
    clerk.press("form[action$='/inspect/'] button")
    wait_for(lambda: refunded(buyer, case))


def refunded(buyer: Person, case: str) -> bool:
    answer = buyer.page.request.get(f"{buyer.base_url}/api/v1/cases/{case}")
    return bool(answer.json()["state"] == "REFUNDED")


def books(stack: Stack) -> dict[str, Any]:
    return heard(stack.shell("from tests.market import balances; balances()"))


def wait_for(true: Callable[[], bool], seconds: float = 30) -> None:
    give_up = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.3)
