"""Each tool of the console at the anchor's screen and at a viewer's, on the whole product."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import desktop, phone
from tests.market import heard
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(180)]


@dataclass
class Screens:
    """The anchor's console and a buyer's phone, both in the same room."""

    anchor: Page
    viewer: Page
    said: list[str]
    stack: Stack
    slug: str

    def tool(self, name: str) -> Any:
        """Open one tool of the console."""
        self.anchor.locator(".desk-tabs [data-tab=tools]").click()
        tool = self.anchor.locator(f"[data-part=tool-{name}]")
        tool.locator("summary").click()
        return tool


@pytest.fixture(scope="module")
def market(stack: Stack) -> dict[str, Any]:
    return heard(
        stack.shell("from tests.market import open_market; open_market(buyers=1, stock=9)")
    )


@pytest.fixture
def screens(browser: Browser, stack: Stack, market: dict[str, Any]) -> Iterator[Screens]:
    facts = heard(
        stack.shell(
            "from tests.show import open_show; "
            f"open_show(listing_variant={market['listing_variant']}, pinned=False)"
        )
    )
    said: list[str] = []

    def page(context: BrowserContext, session: str, path: str) -> Page:
        context.add_cookies([{"name": "sessionid", "value": session, "url": stack.base_url}])
        opened = context.new_page()
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.goto(stack.base_url + path)
        return opened

    slug = facts["slug"]
    anchor = page(desktop(browser), facts["anchor"], f"/studio/{slug}/")
    viewer = page(phone(browser), facts["buyers"][0], f"/rooms/{slug}/")
    expect(viewer.locator("live-room.is-ready")).to_be_attached()
    expect(anchor.locator(".piece")).to_have_count(1)
    yield Screens(anchor, viewer, said, stack, slug)
    assert said == []


def test_an_announcement_and_a_held_up_message(screens: Screens) -> None:
    tool, shown = screens.tool("notice"), screens.viewer.locator("[data-part=notice]")
    expect(shown).to_be_hidden()
    tool.locator("[name=text]").fill("Free delivery <b>tonight</b>")
    tool.get_by_role("button", name="Put on top").first.click()
    expect(shown).to_be_visible()
    expect(shown).to_contain_text("Free delivery <b>tonight</b>")
    tool.get_by_role("button", name="Take it down").click()
    expect(shown).to_be_hidden()

    screens.viewer.locator("#message").fill("Does it shrink?")
    screens.viewer.keyboard.press("Enter")
    expect(screens.anchor.locator(".desk-chat .say").last).to_contain_text("Does it shrink?")
    tool.locator("summary").click()
    tool.locator("summary").click()
    tool.locator("[name=line]").select_option(index=0)
    tool.get_by_role("button", name="Put on top").nth(1).click()
    expect(shown).to_contain_text("Does it shrink?")


def test_a_pin_with_a_countdown_leaves_by_itself(screens: Screens) -> None:
    hold = screens.anchor.locator("[data-part=hold]")
    hold.evaluate("select => { select.options[1].value = '10'; select.selectedIndex = 1; }")
    screens.anchor.locator(".piece-pin").click()
    card, timer = (
        screens.viewer.locator(".pin-card"),
        screens.viewer.locator("[data-part=pin-timer]"),
    )
    expect(card).to_be_visible()
    expect(timer).to_have_text("0:05", timeout=10_000)
    expect(screens.anchor.locator("[data-slot=now_left]")).to_be_visible()
    expect(card).to_be_hidden(timeout=25_000)
    expect(screens.anchor.locator("[data-part=now]")).to_be_hidden()


def test_a_poll_from_the_question_to_the_result(screens: Screens) -> None:
    tool, shown = screens.tool("poll"), screens.viewer.locator("[data-part=poll]")
    tool.locator("[name=question]").fill("Which colour next?")
    answers = tool.locator("[name=options]")
    answers.nth(0).fill("Indigo")
    answers.nth(1).fill("Celadon")
    tool.get_by_role("button", name="Ask", exact=True).click()
    expect(shown).to_be_visible()
    expect(shown).to_contain_text("Which colour next?")
    shown.get_by_role("button", name="Celadon").tap()
    expect(shown.locator(".is-mine")).to_contain_text("Celadon")
    expect(shown.locator(".is-mine")).to_contain_text("100%")
    expect(tool.locator("[data-part=poll-result] li").nth(1)).to_contain_text("1")

    # Another visit finds the vote again, and no way to vote twice.
    screens.viewer.reload()
    expect(shown.locator(".is-mine")).to_contain_text("Celadon")
    expect(shown.get_by_role("button", name="Indigo")).to_be_disabled()

    tool.get_by_role("button", name="Close now").click()
    expect(shown.locator(".is-best")).to_contain_text("Celadon")
    tool.get_by_role("button", name="Take the result down").click()
    expect(shown).to_be_hidden()


def test_a_wish_reaches_the_anchor_alone_and_ends_with_the_pin(screens: Screens) -> None:
    screens.viewer.locator("[data-part=shelf-open]").first.tap()
    ask = screens.viewer.locator("[data-ask]")
    ask.tap()
    expect(ask).to_be_disabled()
    expect(ask).to_have_attribute("aria-pressed", "true")
    expect(screens.anchor.locator("[data-slot=asks]")).to_contain_text("1", timeout=10_000)
    wish = screens.anchor.locator("[data-part=wish]")
    expect(wish).to_be_visible()
    wish.get_by_role("button", name="Show").click()
    expect(screens.viewer.locator("[data-part=pin-card]")).not_to_have_attribute("hidden", "")
    expect(wish).to_be_hidden()


def test_the_ticker_can_be_switched_off(screens: Screens) -> None:
    screens.anchor.locator(".desk-tabs [data-tab=tools]").click()
    switch = screens.anchor.locator("[data-part=tool-ticker] button")
    expect(switch).to_have_attribute("aria-pressed", "true")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "false")
    screens.anchor.reload()
    screens.anchor.locator(".desk-tabs [data-tab=tools]").click()
    expect(switch).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("finger", [True, False], ids=["finger", "mouse"])
def test_the_shelf_is_sorted_by_dragging(browser: Browser, screens: Screens, finger: bool) -> None:
    screens.stack.shell(
        f"from tests.show import more_goods; more_goods(slug='{screens.slug}', count=2)"
    )
    page = screens.anchor
    if finger:
        page = _on_a_phone(browser, screens)
        page.get_by_role("button", name="Sort").tap()
    titles = page.locator(".goods .piece-title")
    expect(titles).to_have_count(3)
    before = titles.all_inner_texts()
    first, last = page.locator("[data-grip]").first, page.locator("[data-grip]").last
    start, end = first.bounding_box(), last.bounding_box()
    assert start
    assert end
    x, y = start["x"] + start["width"] / 2, start["y"] + start["height"] / 2
    down = end["y"] + end["height"] - 4
    if finger:
        _swipe(page, x, y, down)
    else:
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x, (y + down) / 2, steps=4)
        page.mouse.move(x, down, steps=4)
        page.mouse.up()
    wanted = [*before[1:], before[0]]
    expect(titles).to_have_text(wanted)
    screens.viewer.locator("[data-part=shelf-open]").first.tap()
    expect(screens.viewer.locator(".ware-title")).to_have_text(wanted)


def _on_a_phone(browser: Browser, screens: Screens) -> Page:
    context = phone(browser, storage_state=screens.anchor.context.storage_state())
    page = context.new_page()
    page.goto(f"{screens.stack.base_url}/studio/{screens.slug}/")
    return page


def _swipe(page: Page, x: float, start: float, end: float) -> None:
    """A finger that goes down the page, as the browser's own input."""
    session = page.context.new_cdp_session(page)

    def touch(kind: str, y: float | None = None) -> None:
        points = [] if y is None else [{"x": x, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", start)
    for step in range(1, 7):
        touch("touchMove", start + (end - start) * step / 6)
    touch("touchEnd")
