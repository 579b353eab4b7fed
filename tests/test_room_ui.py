"""The room and the studio in a real Chromium, on the whole product."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.browser import desktop, phone
from tests.room_page import (
    STOCK,
    Complaints,
    Show,
    opened,
    signed_in,
    viewer,
)

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(180)]


def phase(page: Page) -> Any:
    return expect(page.locator("[data-part=buy]"))


# Watching and buying -----------------------------------------------------------------------------


class TestViewer:
    def test_two_taps_buy_without_leaving_the_picture(
        self, browser: Browser, show: Show, complaints: Complaints
    ) -> None:
        page = opened(complaints.watch(viewer(browser, show)), show)
        page.evaluate("window.picture = document.querySelector('[data-part=video]')")
        before = show.purchases()
        page.locator("[data-part=pin-card] .pin-buy").tap()
        expect(page.locator("[data-part=pay]")).to_be_in_viewport()
        expect(page.locator(".buy-total")).to_have_text("¥99.00")
        page.locator("[data-part=pay]").tap()
        phase(page).to_have_attribute("data-phase", re.compile("accepted|paid"))
        phase(page).to_have_attribute("data-phase", "paid", timeout=30_000)
        assert page.url == show.url
        assert page.evaluate("window.picture === document.querySelector('[data-part=video]')")
        after = show.purchases()
        assert after["pieces"] - before["pieces"] == 1
        expect(page.locator("[data-part=buy]")).to_contain_text(
            (set(after["orders"]) - set(before["orders"])).pop()
        )

    def test_an_answer_lost_on_the_way_is_asked_for_again_and_buys_once(
        self, browser: Browser, show: Show
    ) -> None:
        page = viewer(browser, show)
        sent: list[dict[str, Any]] = []

        def between(route: WebSocketRoute) -> None:
            server = route.connect_to_server()

            def from_page(message: str | bytes) -> None:
                if '"buy"' in str(message):
                    sent.append(json.loads(message))
                server.send(message)

            def from_server(message: str | bytes) -> None:
                if len(sent) == 1 and "order.accepted" in str(message):
                    route.close(code=4999)
                    return
                route.send(message)

            route.on_message(from_page)
            server.on_message(from_server)

        page.route_web_socket(re.compile("/ws/rooms/"), between)
        opened(page, show)
        before = show.purchases()
        page.locator("[data-part=pin-card] .pin-buy").tap()
        page.locator("[data-part=pay]").tap()
        phase(page).to_have_attribute("data-phase", "paid", timeout=30_000)
        assert len(sent) >= 2
        assert len({message["key"] for message in sent}) == 1
        after = show.purchases()
        assert len(after["orders"]) - len(before["orders"]) == 1

    def test_a_reload_in_the_middle_of_a_purchase_finds_its_sheet_and_buys_once(
        self, browser: Browser, show: Show
    ) -> None:
        page = viewer(browser, show)
        silent = True

        def between(route: WebSocketRoute) -> None:
            server = route.connect_to_server()
            server.on_message(
                lambda message: None if silent and "order." in str(message) else route.send(message)
            )

        page.route_web_socket(re.compile("/ws/rooms/"), between)
        opened(page, show)
        before = show.purchases()
        page.locator("[data-part=pin-card] .pin-buy").tap()
        page.locator("[data-part=pay]").tap()
        phase(page).to_have_attribute("data-phase", "sending")
        page.wait_for_timeout(1000)
        silent = False
        page.reload()
        expect(page.locator("[data-part=buy]")).to_be_visible()
        phase(page).to_have_attribute("data-phase", re.compile("accepted|paid"), timeout=20_000)
        assert len(show.purchases()["orders"]) - len(before["orders"]) == 1

    def test_who_comes_too_late_is_told_what_is_left_and_can_take_it(
        self, browser: Browser, show: Show
    ) -> None:
        page = viewer(browser, show)

        def between(route: WebSocketRoute) -> None:
            server = route.connect_to_server()
            server.on_message(
                lambda message: None if '"stock"' in str(message) else route.send(message)
            )

        page.route_web_socket(re.compile("/ws/rooms/"), between)
        opened(page, show)
        page.locator("[data-part=pin-card] .pin-buy").tap()
        for _more in range(3):
            page.locator("[data-step='1']").tap()
        show.do(
            "from supply.actions import set_stock; from supply.models import Stock\n"
            "stock = Stock.objects.select_related('offer').get()\n"
            "set_stock(offer=stock.offer, on_hand=stock.reserved + 2, actor=anchor, why='test')"
        )
        try:
            page.locator("[data-part=pay]").tap()
            phase(page).to_have_attribute("data-phase", "sold_out")
            expect(page.locator(".buy-notice")).to_contain_text("only 2 left")
            page.locator("[data-part=take-left]").tap()
            phase(page).to_have_attribute("data-phase", re.compile("accepted|paid"))
            assert show.purchases()["left"] == 0
        finally:
            show.do(
                "from supply.actions import set_stock; from supply.models import Stock\n"
                "stock = Stock.objects.select_related('offer').get()\n"
                f"set_stock(offer=stock.offer, on_hand=stock.reserved + {STOCK}, actor=anchor, why='t')"
            )

    def test_a_note_is_read_over_an_open_sheet(self, browser: Browser, show: Show) -> None:
        show.do("actions.pin(room=room, placement_id=None, actor=anchor)")
        page = opened(viewer(browser, show), show)
        page.locator("[data-part=shelf-open]").tap()
        shelf = page.locator("[data-part=shelf]")
        shelf.locator("[data-ask]").first.tap()
        expect(page.locator("[data-part=toast]")).to_be_visible()
        assert shelf.evaluate("sheet => sheet.matches(':modal')")
        # The top layer is painted in the order in which things came into it.
        assert page.locator("[data-part=toast]").evaluate("toast => toast.matches(':popover-open')")
        expect(page.locator("[data-part=toast]")).to_be_hidden()

    def test_the_whole_purchase_goes_by_keyboard(self, browser: Browser, show: Show) -> None:
        page = opened(signed_in(desktop(browser), show, show.buyers[0]), show)
        page.locator("[data-part=pin-card] .pin-buy").focus()
        page.keyboard.press("Enter")
        expect(page.locator("[data-part=pay]")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("[data-part=buy]")).to_be_hidden()
        expect(page.locator("[data-part=pin-card] .pin-buy")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        phase(page).to_have_attribute("data-phase", re.compile("accepted|paid"), timeout=20_000)

    def test_chat_is_text_whatever_it_says_and_the_list_stays_short(
        self, browser: Browser, show: Show, complaints: Complaints
    ) -> None:
        page = complaints.watch(viewer(browser, show))
        routes: list[WebSocketRoute] = []

        def between(route: WebSocketRoute) -> None:
            route.connect_to_server()
            routes.append(route)

        page.route_web_socket(re.compile("/ws/rooms/"), between)
        opened(page, show)
        page.locator("#message").fill("<img src=x onerror=alert(1)> <b>hello</b>")
        page.keyboard.press("Enter")
        line = page.locator(".say.is-own:not(.is-pending) .say-text")
        expect(line).to_have_text("<img src=x onerror=alert(1)> <b>hello</b>")
        assert page.locator(".say img").count() == 0

        page.evaluate(
            """() => {
              window.draws = 0;
              const list = document.querySelector("[data-part=chat-list]");
              new MutationObserver(() => (window.draws += 1)).observe(list, { childList: true });
            }"""
        )
        user = {"id": 99, "name": "Crowd", "role": "viewer"}
        for number in range(500):
            message = {"t": "chat", "id": f"99.{number}", "user": user, "text": f"no. {number}"}
            routes[-1].send(json.dumps([{**message, "at": 0}]))
        expect(page.locator(".say").last).to_contain_text("no. 499")
        routes[-1].send(json.dumps([{"t": "sampled", "shown": 20, "of": 64}]))
        expect(page.locator("[data-part=sampled]")).to_contain_text("20 of 64")
        expect(page.locator("[data-part=sampled]")).to_be_hidden(timeout=8000)
        assert page.locator(".say").count() <= 150
        assert page.evaluate("document.querySelectorAll('*').length") < 1500
        assert page.evaluate("window.draws") <= 40

    def test_a_cut_connection_is_said_and_heals_with_what_was_missed(
        self, browser: Browser, show: Show
    ) -> None:
        page = viewer(browser, show)
        cut = False
        routes: list[WebSocketRoute] = []

        def between(route: WebSocketRoute) -> None:
            if cut:
                route.close(code=4999)
                return
            route.connect_to_server()
            routes.append(route)

        page.route_web_socket(re.compile("/ws/rooms/"), between)
        opened(page, show)
        expect(page.locator(".pin-card")).to_be_visible()
        cut = True
        routes[-1].close(code=4999)
        expect(page.locator("[data-part=offline]")).to_be_visible()
        show.do("actions.pin(room=room, placement_id=None, actor=anchor)")
        expect(page.locator(".pin-card")).to_be_visible()
        cut = False
        expect(page.locator("[data-part=offline]")).to_be_hidden(timeout=20_000)
        expect(page.locator(".pin-card")).to_be_hidden(timeout=2000)

    def test_the_end_of_the_show_leads_to_the_replay(
        self, browser: Browser, show: Show, complaints: Complaints
    ) -> None:
        page = opened(complaints.watch(viewer(browser, show)), show)
        show.do(
            "from core.actors import acting; actions.end_room(room=room, actor=acting(anchor, 'anchor'))"
        )
        expect(page.locator("[data-scene=ended]")).to_be_attached()
        expect(page.get_by_role("link", name="Watch the replay")).to_be_visible()
        expect(page.locator(".pin-card")).to_be_hidden()

    def test_guests_are_asked_to_sign_in_and_come_back_to_the_item(
        self, browser: Browser, show: Show
    ) -> None:
        page = opened(phone(browser).new_page(), show)
        page.locator("[data-part=pin-card] .pin-buy").tap()
        link = page.locator("[data-part=pay]")
        expect(link).to_have_text("Sign in to buy")
        assert link.get_attribute("href") == (
            f"/accounts/login/?next=/rooms/{show.slug}/%23buy-{show.placement}"
        )

    def test_without_script_the_room_is_a_page_that_sells(
        self, browser: Browser, show: Show
    ) -> None:
        page = signed_in(phone(browser, java_script_enabled=False), show, show.buyers[0])
        before = show.purchases()
        page.goto(show.url)
        expect(page.get_by_role("heading", name="Stoneware mug").last).to_be_visible()
        page.locator(".ware-plain button").tap()
        page.wait_for_url(re.compile("/orders/"))
        assert len(show.purchases()["orders"]) - len(before["orders"]) == 1


class TestAnchor:
    def test_goes_live_shows_an_item_and_the_viewer_sees_it(
        self, browser: Browser, show: Show, complaints: Complaints
    ) -> None:
        show.do("actions.pin(room=room, placement_id=None, actor=anchor)")
        context = desktop(browser, permissions=["camera", "microphone"])
        studio = complaints.watch(signed_in(context, show, show.anchor))
        studio.goto(f"{show.stack.base_url}/studio/{show.slug}/")
        studio.locator("[data-part=live-on]").click()
        expect(studio.locator("live-studio")).to_have_attribute(
            "data-camera", "live", timeout=20_000
        )
        page = opened(viewer(browser, show), show)
        expect(page.locator(".pin-card")).to_be_hidden()
        studio.locator(".piece-pin").first.click()
        expect(page.locator(".pin-card")).to_be_visible(timeout=2000)
        expect(page.locator("live-room")).to_have_attribute("data-scene", "plain", timeout=30_000)
        studio.locator("#message").fill("Welcome")
        studio.keyboard.press("Enter")
        expect(page.locator(".say[data-role=anchor]").last).to_contain_text("Welcome")
        studio.locator("[data-part=live-off]").click()
        studio.locator("#confirm button[value=yes]").click()
        expect(page.locator("[data-scene=ended]")).to_be_attached(timeout=20_000)
