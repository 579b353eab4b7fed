"""A newcomer's first minutes by browser: look, language, account, address, token, keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import desktop, phone
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(180)]


@pytest.fixture
def page(stack: Stack, browser: Browser) -> Iterator[Page]:
    """A phone whose console must stay clean: no script error, no violation of the content policy."""
    context = phone(browser, base_url=stack.base_url, reduced_motion="reduce")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert said == []


def sign_up(page: Page, name: str, then: str) -> None:
    page.goto(f"/accounts/signup/?next={then}")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Email").fill(f"{name}@example.org")
    page.get_by_label("Password").fill("a long pass phrase")
    page.get_by_role("button", name="Create the account").click()
    page.wait_for_url(f"**{then}")


def test_a_theme_is_chosen_once_and_drawn_by_the_server_from_then_on(page: Page) -> None:
    page.goto("/")
    page.locator("summary").click()
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 13, 11)"
    served = page.request.get("/").text()
    assert 'data-theme="dark"' in served
    page.get_by_role("button", name="Auto").click()
    assert "data-theme=" not in page.request.get("/").text().split(">", 2)[1]


def test_a_menu_closes_with_escape_and_gives_the_focus_back(page: Page) -> None:
    page.goto("/")
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("details.menu")).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(page.locator("details.menu")).not_to_have_attribute("open", "")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_the_whole_site_speaks_chinese_after_one_tap(page: Page) -> None:
    page.goto("/accounts/login/?next=/me/")
    page.locator("summary").click()
    page.get_by_role("button", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.locator("h1")).to_have_text("登录")
    assert page.url.endswith("/accounts/login/?next=/me/")


def test_an_address_is_added_and_deleted_only_after_a_yes(page: Page) -> None:
    sign_up(page, "mei", "/me/addresses/add/")
    page.get_by_role("button", name="Save").click()
    # The browser itself refuses empty required fields; the server refuses what is malformed.
    expect(page).to_have_url(re.compile("/me/addresses/add/$"))
    for label, text in {
        "Recipient": "Mei Lin",
        "Phone": "not a number",
        "Province or state": "Zhejiang",
        "City": "Hangzhou",
        "Street and number": "18 Wenyi Road",
    }.items():
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Enter a phone number.")).to_be_visible()
    page.get_by_label("Phone").fill("+86 138 0000 0000")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/me/addresses/")
    expect(page.locator("#toasts")).to_contain_text("The address is saved.")

    delete = page.get_by_role("button", name="Delete")
    delete.click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("18 Wenyi Road")).to_be_visible()
    delete.click()
    page.get_by_role("button", name="Yes, go on").click()
    expect(page.get_by_text("No address yet")).to_be_visible()


def test_a_form_pressed_twice_is_sent_once(page: Page) -> None:
    sign_up(page, "jo", "/me/tokens/")
    page.get_by_label("What is it for?").fill("twice")
    page.get_by_role("button", name="Create").dblclick()
    expect(page.locator("#secret")).to_be_visible()
    page.goto("/me/tokens/")
    expect(page.locator("tbody tr")).to_have_count(1)


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/accounts/signup/", "/no/such/page/"])
def test_pages_fit_every_screen_and_every_control_has_a_name(
    stack: Stack, browser: Browser, path: str
) -> None:
    faults = """() => [...document.querySelectorAll('a[href], button, input, select, summary')]
        .filter(e => e.type !== 'hidden' && e.checkVisibility())
        .filter(e => {
            const box = e.getBoundingClientRect();
            const name = e.ariaLabel || e.innerText || [...(e.labels || [])].map(l => l.innerText).join();
            const inText = getComputedStyle(e).display === 'inline';
            return !name.trim() || (!inText && (box.width < 24 || box.height < 24));
        }).map(e => e.outerHTML.slice(0, 120))"""
    for context in (phone(browser), desktop(browser)):
        page = context.new_page()
        page.goto(stack.base_url + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(faults) == []
        context.close()
