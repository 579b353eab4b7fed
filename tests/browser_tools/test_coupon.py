"""A coupon drop at the anchor's screen and at a viewer's, and who paid it in the ledger."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser_tools.test_tools import Screens, market, screens  # noqa: F401
from tests.market import heard

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(300)]
expect.set_options(timeout=20_000)


def test_a_coupon_from_the_drop_to_the_ledger(screens: Screens) -> None:  # noqa: F811
    viewer = screens.viewer
    tool, card = screens.tool("coupon"), viewer.locator("[data-part=coupon]")
    expect(card).to_be_hidden()

    # An anchor cannot give more than they earn, and reads what that is while typing.
    check, button = (
        tool.locator("[data-slot=coupon_check]"),
        tool.locator("[data-part=coupon-drop]"),
    )
    tool.locator("[name=amount]").fill("15")
    expect(check).to_contain_text("You earn at most ¥14.85 on such an order")
    expect(button).to_be_disabled()
    tool.locator("[name=amount]").fill("5")
    tool.locator("[name=threshold]").fill("50")
    tool.locator("[name=count]").fill("3")
    button.click()

    expect(card).to_contain_text("¥5.00 off, from ¥50.00")
    expect(viewer.locator("[data-part=voice]")).to_contain_text("Coupon: ¥5.00 off")
    card.get_by_role("button", name="Take it").click()
    expect(card).to_contain_text("Yours for 30 minutes")
    expect(tool.locator("[data-slot=coupon_now]")).to_contain_text("1 of 3 taken")

    # Used by itself; without it when the buyer says so.
    viewer.locator("[data-part=shelf-open]:visible").first.click()
    viewer.locator(".ware [data-buy]").first.click()
    sheet = viewer.locator("[data-part=buy]")
    expect(sheet.locator("[data-slot=coupon_off]")).to_have_text("−¥5.00")
    expect(sheet.locator("[data-slot=total]")).to_have_text("¥94.00")
    sheet.locator("[data-part=coupon-choice]").select_option("0")
    expect(sheet.locator("[data-slot=total]")).to_have_text("¥99.00")
    sheet.locator("[data-part=coupon-choice]").select_option("")
    expect(sheet.locator("[data-slot=total]")).to_have_text("¥94.00")
    sheet.locator("[data-part=pay]").click()
    expect(sheet).to_have_attribute("data-phase", "paid")
    expect(sheet.locator(".buy-result:visible [data-slot=order_total]")).to_have_text("¥94.00")

    tool.locator("[data-part=coupon-withdraw] button").click()
    expect(card).to_be_hidden()
    expect(tool.locator("[data-part=coupon-form]")).to_be_visible()

    books = heard(screens.stack.shell("from tests.market import balances; balances()"))
    assert (books["ledger"], books["unbalanced"], books["paid"]) == (0, 0, 9_400)
    commission = [sum_ for name, sum_ in books["balances"].items() if "estimated" in name]
    assert commission == [-(1_485 - 500)]
    screens.stack.manage("audit_orders")
    viewer.goto(f"{screens.stack.base_url}/orders/")
    viewer.locator("a[href^='/orders/']:has-text('mug')").first.click()
    expect(viewer.locator("main")).to_contain_text("Coupon")
    expect(viewer.locator("main")).to_contain_text("−¥5.00")
