"""The platform steps into a show: at an admin's phone, at the anchor's camera, at a viewer's phone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import desktop, phone
from tests.market import heard
from tests.room_page import Show
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(300)]
expect.set_options(timeout=20_000)

WARNING = "Show the papers of the brand before you go on."
SUSPENSION = "The brand has complained."
OBJECTION = "Here are the papers: licence 4711."
ANSWER = "The papers are in order. We are sorry."


@dataclass
class Three:
    show: Show
    admin: Page
    anchor: Page
    viewer: Page

    def go(self, page: Page, path: str) -> None:
        page.goto(self.show.stack.base_url + path)

    def decide(self, kind: str, reason: str, minutes: str = "") -> None:
        """At the admin's phone, from the list of shows."""
        self.go(self.admin, "/staff/rooms/")
        self.admin.get_by_role("link", name="Morning table").tap()
        self.admin.get_by_role("radio", name=kind).check()
        if minutes:
            self.admin.locator("[name=minutes]").select_option(minutes)
        self.admin.get_by_label("Reason (the anchor reads it)").fill(reason)
        self.admin.get_by_role("button", name="Put it into force").tap()
        self.admin.locator("#confirm button[value=yes]").tap()
        expect(self.admin.locator("[data-toast]").first).to_contain_text("The anchor is told")

    def goes_live(self) -> None:
        """The camera sends and the viewer's picture moves."""
        self.anchor.locator("[data-part=live-on]").click()
        expect(self.viewer.locator("live-room[data-room=LIVE][data-scene=plain]")).to_be_attached()
        before = self.seconds_seen()
        self.viewer.wait_for_function(
            "t => document.querySelector('video').currentTime > t + 0.5", arg=before
        )

    def seconds_seen(self) -> float:
        seen: float = self.viewer.evaluate("document.querySelector('video').currentTime")
        return seen


@pytest.fixture
def three(browser: Browser, stack: Stack, show: Show) -> Iterator[Three]:
    staff = heard(stack.shell("from tests.show import staff_session; staff_session()"))["session"]
    wrong: list[str] = []

    def page(context: BrowserContext, session: str) -> Page:
        context.add_cookies([{"name": "sessionid", "value": session, "url": stack.base_url}])
        opened = context.new_page()
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        return opened

    camera = desktop(browser, permissions=["camera", "microphone"])
    three = Three(
        show,
        page(phone(browser), staff),
        page(camera, show.anchor),
        page(phone(browser), show.buyers[0]),
    )
    three.go(three.anchor, f"/studio/{show.slug}/")
    three.go(three.viewer, f"/rooms/{show.slug}/")
    three.goes_live()
    yield three
    assert wrong == []


def test_warned_suspended_appealed_and_on_air_again(three: Three) -> None:
    admin, anchor, viewer = three.admin, three.anchor, three.viewer
    notices = anchor.locator("[data-part=standing]")

    # A warning: read at the desk while the camera goes on; no word of it at the viewer's.
    three.decide("Warn", WARNING)
    expect(notices).to_contain_text(WARNING)
    anchor.get_by_role("button", name="I have read it").click()
    expect(notices).to_be_hidden()
    expect(viewer.locator("live-room[data-room=LIVE][data-scene=plain]")).to_be_attached()
    expect(viewer.locator("body")).not_to_contain_text(WARNING)

    # A suspension: picture and sales stop at both screens at once.
    three.decide("Suspend", SUSPENSION, minutes="60")
    expect(viewer.locator("[data-when=suspended]")).to_be_visible()
    viewer.wait_for_function("(v => v.paused || !v.currentSrc)(document.querySelector('video'))")
    expect(viewer.locator(".onair-pin")).to_be_hidden()
    expect(viewer.locator("#message")).to_be_hidden()
    expect(viewer.locator("body")).not_to_contain_text(SUSPENSION)
    expect(anchor.locator(".desk-ended")).to_have_text("Suspended by the platform")
    expect(notices).to_contain_text(SUSPENSION)
    expect(notices).to_contain_text("It ends:")

    # The anchor objects, the admin answers.
    anchor.get_by_role("link", name="Read why, and appeal").click()
    suspension = anchor.locator("article", has_text=SUSPENSION)
    suspension.locator("[name=text]").fill(OBJECTION)
    suspension.get_by_role("button", name="Appeal").click()
    expect(suspension).to_contain_text("Your appeal waits for an answer")
    three.go(admin, "/staff/rooms/")
    admin.get_by_role("link", name="Appeals 1").tap()
    waiting = admin.locator("article", has_text=OBJECTION)
    waiting.locator("[name=answer]").fill(ANSWER)
    waiting.get_by_role("button", name="Grant").tap()
    expect(waiting).to_have_count(0)

    # The show goes on, by the same camera for the same viewer; the warning still stands.
    expect(viewer.locator("[data-when=suspended]")).to_be_hidden()
    anchor.reload()
    expect(suspension).to_contain_text(ANSWER)
    three.go(anchor, f"/studio/{three.show.slug}/")
    three.goes_live()
    expect(viewer.locator(".onair-pin")).to_be_visible()
    three.go(admin, f"/staff/rooms/{three.show.slug}/")
    expect(admin.locator(".page-head")).to_contain_text("Warned")
    assert admin.evaluate("document.documentElement.scrollWidth") <= 390
