"""A show in a running product and the browsers that visit it; fixtures of the room's browser tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import phone
from tests.market import heard
from tests.stack import Stack

STOCK = 30


@dataclass
class Show:
    stack: Stack
    slug: str
    room: int
    placement: int
    variant: int
    anchor: str
    buyers: list[str]

    @property
    def url(self) -> str:
        return f"{self.stack.base_url}/rooms/{self.slug}/"

    def do(self, code: str) -> None:
        """Run `code` with `room`, `anchor` and `actions` at hand."""
        self.stack.shell(
            "from rooms import actions; from rooms.models import Room\n"
            f"room = Room.objects.select_related('anchor').get(pk={self.room}); anchor = room.anchor\n"
            f"{code}"
        )

    def purchases(self) -> dict[str, Any]:
        return heard(self.stack.shell("from tests.show import purchases; purchases()"))


@pytest.fixture(scope="module")
def market(stack: Stack) -> dict[str, Any]:
    return heard(
        stack.shell(f"from tests.market import open_market; open_market(buyers=2, stock={STOCK})")
    )


@pytest.fixture
def show(stack: Stack, market: dict[str, Any]) -> Show:
    facts = heard(
        stack.shell(
            "from tests.show import open_show; "
            f"open_show(listing_variant={market['listing_variant']})"
        )
    )
    return Show(stack=stack, **facts)


@dataclass
class Complaints:
    """What a page said in its console that it should not have."""

    said: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> Page:
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on(
            "console",
            lambda line: self.said.append(line.text) if line.type in {"error", "warning"} else None,
        )
        return page


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    heard_here = Complaints()
    yield heard_here
    assert heard_here.said == []


def signed_in(context: BrowserContext, show: Show, session: str) -> Page:
    context.add_cookies([{"name": "sessionid", "value": session, "url": show.stack.base_url}])
    return context.new_page()


def viewer(browser: Browser, show: Show, number: int = 0) -> Page:
    return signed_in(phone(browser), show, show.buyers[number])


def opened(page: Page, show: Show) -> Page:
    page.goto(show.url)
    expect(page.locator("live-room.is-ready")).to_be_attached()
    expect(page.locator("[data-part=offline]")).to_be_hidden()
    return page
