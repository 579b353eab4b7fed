"""Moderation at a moderator's phone and at a viewer's, on the whole product."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import phone
from tests.market import heard
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(300)]
expect.set_options(timeout=20_000)


@dataclass
class Two:
    moderator: Page
    viewer: Page
    complaints: list[str]

    def say(self, text: str) -> None:
        self.viewer.locator("#message").fill(text)
        self.viewer.keyboard.press("Enter")

    def line(self, text: str) -> Any:
        """A line at the moderator's."""
        return self.moderator.locator("[data-panel=chat] .mod-line", has_text=text)

    def tab(self, name: str) -> None:
        self.moderator.locator(f".mod-tabs [data-tab={name}]").click()


@pytest.fixture(scope="module")
def market(stack: Stack) -> dict[str, Any]:
    return heard(
        stack.shell("from tests.market import open_market; open_market(buyers=2, stock=9)")
    )


@pytest.fixture
def two(browser: Browser, stack: Stack, market: dict[str, Any]) -> Iterator[Two]:
    facts = heard(
        stack.shell(
            "from tests.show import make_helper, open_show; "
            f"open_show(listing_variant={market['listing_variant']}, pinned=False); "
            "make_helper(username='buyer1', role='assistant')"
        )
    )
    slug, complaints = facts["slug"], []

    def page(session: str, path: str) -> Page:
        context = phone(browser)
        context.add_cookies([{"name": "sessionid", "value": session, "url": stack.base_url}])
        opened = context.new_page()
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.goto(stack.base_url + path)
        return opened

    viewer = page(facts["buyers"][0], f"/rooms/{slug}/")
    moderator = page(facts["buyers"][1], f"/studio/{slug}/moderate/")
    expect(viewer.locator("live-room.is-ready")).to_be_attached()
    # Both are counted, so both sockets are open: what is said from now on reaches them.
    expect(moderator.locator("[data-slot=viewers]")).to_have_text("2")
    yield Two(moderator, viewer, complaints)
    assert complaints == []


def test_delete_undo_hold_mute_and_ban(two: Two) -> None:
    moderator, viewer = two.moderator, two.viewer
    shown = viewer.locator("[data-part=chat-list] .say")

    # Deleted at one screen, gone at the other; taken back, there again.
    two.say("first words of mine")
    line = two.line("first words of mine")
    expect(line).to_be_visible()
    line.get_by_role("button", name="Delete").tap()
    expect(line).to_have_count(0)
    expect(shown.filter(has_text="first words of mine")).to_have_count(0)
    moderator.locator("[data-part=undo-button]").tap()
    expect(line).to_be_visible()
    expect(shown.filter(has_text="first words of mine")).to_have_count(1)

    # A listed word waits until somebody lets it through.
    two.tab("rules")
    moderator.locator("[name=words]").fill("counterfeit")
    moderator.get_by_role("button", name="Save the list").tap()
    expect(moderator.locator("[data-toast]").filter(has_text="Saved").first).to_be_visible()
    two.say("is it c0unterfe1t")
    two.tab("held")
    held = moderator.locator("[data-panel=held] .mod-line")
    expect(held).to_contain_text("c0unterfe1t")
    held.get_by_role("button", name="Let through").tap()
    expect(held).to_have_count(0)
    two.tab("chat")
    expect(two.line("c0unterfe1t")).to_be_visible()

    # A link is refused with the reason.
    two.say("come to cheaper dot com")
    expect(viewer.locator("body")).to_contain_text("Links are not allowed here")

    # Muted for a time, told so, and free again by undo.
    two.line("first words of mine").get_by_role("button", name="Mute").tap()
    expect(moderator.locator("[data-part=undo]")).to_contain_text("Muted")
    two.say("can you hear me")
    expect(viewer.locator("body")).to_contain_text("You may write again in 10 minutes")
    moderator.locator("[data-part=undo-button]").tap()
    two.tab("rules")
    expect(moderator.locator("[data-panel=rules] .mod-line")).to_have_count(0)
    two.tab("chat")

    # Banned: the socket closes, the page leads to the appeal.
    two.line("first words of mine").get_by_role("button", name="Ban").tap()
    expect(two.line("first words of mine")).to_have_count(0)
    room = viewer.url
    viewer.goto(room)
    viewer.wait_for_url("**/me/sanctions/")
    viewer.locator("[name=text]").fill("It was a misunderstanding.")
    viewer.get_by_role("button", name="Appeal").tap()
    expect(viewer.locator("main")).to_contain_text("Your appeal waits for an answer")

    two.tab("log")
    for word in ("deleted a message", "let a message", "muted", "banned"):
        expect(moderator.locator("[data-panel=log]")).to_contain_text(word)
    assert moderator.evaluate("document.documentElement.scrollWidth") <= 390
