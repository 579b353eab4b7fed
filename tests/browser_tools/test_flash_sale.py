"""A flash sale at the anchor's screen and at a viewer's, and the money at its end."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser_tools.test_tools import Screens, market, screens  # noqa: F401
from tests.market import heard

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(300)]
expect.set_options(timeout=20_000)


def start(screens: Screens, *, price: str, pieces: int = 2, seconds: int = 120) -> None:  # noqa: F811
    tool = screens.anchor.locator("[data-part=tool-flash]")
    tool.locator("[name=price]").fill(price)
    tool.locator("[name=quantity]").fill(str(pieces))
    tool.locator("[name=seconds]").select_option(str(seconds))
    tool.locator("[data-part=flash-start]").click()


def pay(viewer: Page) -> None:
    viewer.locator("[data-part=pay]").click()
    expect(viewer.locator("[data-part=buy]")).to_have_attribute("data-phase", "paid")


def test_from_three_two_one_to_the_ledger(screens: Screens) -> None:  # noqa: F811
    anchor, viewer = screens.anchor, screens.viewer
    tool, card = screens.tool("flash"), viewer.locator("[data-part=flash]")
    expect(card).to_be_hidden()

    # The form says at once what cannot be, and what the anchor earns on what can.
    check, button = tool.locator("[data-slot=flash_check]"), tool.locator("[data-part=flash-start]")
    tool.locator("[name=price]").fill("50")
    expect(check).to_contain_text("Too low: the lowest possible price is ¥")
    expect(button).to_be_disabled()
    tool.locator("[name=price]").fill("99")
    expect(check).to_contain_text("lower than the usual price of ¥99.00")
    tool.locator("[name=price]").fill("89")
    expect(check).to_contain_text("You earn ¥13.35 a piece, 10% below the usual price")
    start(screens, price="89")

    # Everybody counts down together; nothing can be bought before.
    expect(viewer.locator("[data-part=flash-count]")).to_have_text(re.compile("[123]"))
    expect(card).to_contain_text("¥89.00")
    expect(card.locator("del")).to_contain_text("¥99.00")
    expect(card.locator("[data-part=flash-buy]")).to_be_disabled()
    expect(card).to_have_attribute("data-phase", "running")
    expect(viewer.locator("[data-part=flash-count]")).to_be_hidden()
    expect(viewer.locator("[data-part=voice]")).to_contain_text(
        "Flash sale: Stoneware mug for ¥89.00"
    )
    expect(card.locator("[data-slot=flash_left]")).to_have_text("2 of 2 left at this price")

    # Two taps at the flash price; the sheet keeps to the limit.
    card.locator("[data-part=flash-buy]").click()
    sheet = viewer.locator("[data-part=buy]")
    expect(sheet.locator("[data-slot=price]")).to_have_text("¥89.00")
    expect(sheet.locator("[data-slot=was]")).to_have_text("¥99.00")
    expect(sheet.locator("[data-slot=total]")).to_have_text("¥89.00")
    expect(sheet.locator("[data-step='1']")).to_be_disabled()
    pay(viewer)
    sheet.locator(".buy-result:visible [data-close]").click()
    expect(card.locator("[data-slot=flash_left]")).to_have_text("1 of 2 left at this price")
    expect(tool.locator("[data-slot=flash_now]")).to_contain_text("1 of 2 sold")

    # Who had theirs is told so, and offered the usual price, which is what then is charged.
    card.locator("[data-part=flash-buy]").click()
    sheet.locator("[data-part=pay]").click()
    expect(sheet).to_contain_text("Each buyer gets at most 1 piece at the flash price.")
    expect(sheet.locator("[data-slot=total]")).to_have_text("¥99.00")
    pay(viewer)
    sheet.locator(".buy-result:visible [data-close]").click()

    # Stopped by hand: gone from every screen at once.
    tool.locator("[data-part=flash-abort] button").click()
    anchor.click("#confirm button[value=yes]")
    expect(card).to_be_hidden()
    expect(tool).not_to_have_attribute("data-on", "")

    books = heard(screens.stack.shell("from tests.market import balances; balances()"))
    assert (books["ledger"], books["unbalanced"]) == (0, 0)
    assert books["paid"] == 8_900 + 9_900
    commission = [sum_ for name, sum_ in books["balances"].items() if "estimated" in name]
    assert commission == [-(1_335 + 1_485)]
    screens.stack.manage("audit_orders")
    viewer.goto(f"{screens.stack.base_url}/orders/")
    viewer.locator("a[href^='/orders/']:has-text('mug')").nth(1).click()
    expect(viewer.locator("main")).to_contain_text("Flash sale")


def test_it_ends_by_the_clock_on_every_screen(screens: Screens) -> None:  # noqa: F811
    tool, card = screens.tool("flash"), screens.viewer.locator("[data-part=flash]")
    start(screens, price="90", seconds=10)
    expect(card).to_have_attribute("data-phase", "running")
    expect(card).to_have_attribute("data-phase", "over", timeout=25_000)
    expect(card).to_be_hidden()
    expect(tool).not_to_have_attribute("data-on", "")


def test_the_form_waits_for_its_goods_and_keeps_what_was_typed(screens: Screens) -> None:  # noqa: F811
    """What somebody types is never replaced by a suggestion that comes later."""
    anchor, deals = screens.anchor, "**/deals/"
    anchor.route(deals, lambda route: route.abort())
    tool = screens.tool("flash")
    fields, price = tool.locator("[data-part=goods-fields]"), tool.locator("[name=price]")
    expect(tool.get_by_role("alert")).to_contain_text("Your goods could not be loaded.")
    expect(price).to_be_disabled()

    # Another try, whose answer takes a while.
    held: list[Route] = []
    anchor.unroute(deals)
    anchor.route(deals, lambda route: held.append(route))
    tool.get_by_role("button", name="Try again").click()
    expect(tool.locator("[data-part=goods-loading]")).to_be_visible()
    expect(tool.get_by_role("alert")).to_be_hidden()
    expect(fields).to_have_attribute("aria-busy", "true")
    expect(price).to_be_disabled()
    expect(tool.locator("[data-part=flash-start]")).to_be_disabled()
    held.pop().continue_()
    expect(price).to_be_enabled()
    expect(price).not_to_have_value("")

    # Opened again, the form can be used at once, and a later answer changes nothing typed.
    summary = tool.locator("summary")
    summary.click()
    summary.click()
    price.fill("91")
    tool.locator("[name=quantity]").fill("3")
    with anchor.expect_response(deals):
        held.pop().continue_()
    expect(fields).to_have_attribute("aria-busy", "false")
    anchor.unroute(deals)
    tool.locator("[data-part=flash-start]").click()
    card = screens.viewer.locator("[data-part=flash]")
    expect(card).to_contain_text("¥91.00")
    expect(card.locator("[data-slot=flash_left]")).to_have_text("3 of 3 left at this price")
