"""The room page for guests: one rendering a second, a nonce for each, nobody's page given to another."""

from __future__ import annotations

import asyncio
import gzip
import re
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio
from django.conf import settings as django_settings

from liveshop.asgi import pages
from rooms import actions
from rooms.doorway import MOST_MISSING, MOST_PAGES, Doorway
from rooms.hub import store
from rooms.models import Room
from rooms.tests import factories as make
from rooms.tests.conftest import sign_in

VISIBLE_SECONDS = 1.5


class House:
    """A doorway of its own; `asked` are the requests that reached Django."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.doorway = Doorway(self._pages)

    async def _pages(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.asked.append(scope["path"])
        await pages(scope, receive, send)

    def browser(self, **headers: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.doorway),
            base_url="http://testserver",
            headers={"accept-encoding": "identity", **headers},
        )


@pytest_asyncio.fixture
async def house(transactional_db: Any) -> AsyncIterator[House]:
    """Keeps pages for a second, as in production."""
    yield House()


@pytest.fixture
def slow_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages stay fresh for as long as a loaded machine needs to ask for them again."""
    monkeypatch.setattr("rooms.doorway.FRESH_SECONDS", 60.0)


def nonces(answer: httpx.Response) -> tuple[str, set[str]]:
    """(of the header, all those in the page)"""
    found = re.search(r"'nonce-([^']+)'", answer.headers["content-security-policy"])
    assert found
    return found.group(1), set(re.findall(r'nonce="([^"]+)"', answer.text))


def address(room: Room) -> str:
    return f"/rooms/{room.slug}/"


@pytest.mark.usefixtures("slow_clock")
async def test_guests_share_a_page_but_never_a_nonce(house: House) -> None:
    room = await store.ask(make.live_room, items=2)
    async with house.browser() as browser:
        answers = await asyncio.gather(*(browser.get(address(room)) for _ in range(20)))
        assert len(house.asked) == 1, "one rendering, and Django saw no other request"
        seen = set()
        for answer in answers:
            assert answer.status_code == 200
            header, inside = nonces(answer)
            assert inside == {header}
            seen.add(header)
            assert answer.headers["cache-control"] == "private, no-store"
            assert "set-cookie" not in answer.headers
            assert "csrf-token" not in answer.text
            assert "csrfmiddlewaretoken" not in answer.text
        assert len(seen) == 20
        assert len({answer.headers["x-request-id"] for answer in answers}) == 20
        bare = {re.sub(re.escape(nonces(a)[0]), "", a.text) for a in answers}
        assert len(bare) == 1
        # The same as Django itself says, but for numbers that go on.
        direct = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=pages), base_url="http://testserver"
        )
        async with direct:
            plain = await direct.get(address(room))
        kept = answers[0]
        ours = {k: v for k, v in kept.headers.items() if k not in VARYING}
        theirs = {k: v for k, v in plain.headers.items() if k not in VARYING}
        assert ours == theirs
        assert len(plain.text) == pytest.approx(len(kept.text), abs=40)


VARYING = {"content-security-policy", "x-request-id", "content-length", "vary"}


@pytest.mark.usefixtures("slow_clock")
async def test_compressed_is_the_same_page(house: House) -> None:
    room = await store.ask(make.live_room, items=3)
    async with house.browser() as browser:
        packed = await browser.get(address(room), headers={"accept-encoding": "br, gzip;q=0.8"})
        plain = await browser.get(address(room))
        refused = await browser.get(address(room), headers={"accept-encoding": "gzip;q=0"})
        raw = httpx.Request("GET", "http://testserver" + address(room))
        raw.headers["accept-encoding"] = "gzip"
        stream = await browser.send(raw, stream=True)
        body = b"".join([chunk async for chunk in stream.aiter_raw()])
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in refused.headers
    assert "Accept-Encoding" in plain.headers["vary"]
    header, inside = nonces(packed)
    assert inside == {header}
    assert packed.text.replace(header, "") == plain.text.replace(nonces(plain)[0], "")
    assert gzip.decompress(body).startswith(b"<!doctype html>")
    assert len(body) == int(stream.headers["content-length"]) < len(plain.content) / 3
    assert len(house.asked) == 1


@pytest.mark.usefixtures("slow_clock")
async def test_head_is_the_page_without_its_body(house: House) -> None:
    room = await store.ask(make.live_room)
    async with house.browser() as browser:
        head, page = await browser.head(address(room)), await browser.get(address(room))
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == str(len(page.content))


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({"accept-language": "zh-CN,zh;q=0.9"}, "zh-Hans"),
        ({"accept-language": "en"}, "en"),
        ({"accept-language": "fr"}, "en"),
        ({"cookie": "django_language=zh-hans", "accept-language": "en"}, "zh-Hans"),
    ],
)
@pytest.mark.usefixtures("slow_clock")
async def test_each_language_has_its_page(house: House, headers: Any, language: str) -> None:
    room = await store.ask(make.live_room)
    async with house.browser() as browser:
        await browser.get(address(room), headers={"accept-language": "en"})
        await browser.get(address(room), headers={"accept-language": "zh-hans"})
        answer = await browser.get(address(room), headers=headers)
    assert f'<html lang="{language}"' in answer.text
    assert len(house.asked) == 2


@pytest.mark.usefixtures("slow_clock")
async def test_theme_and_host_have_their_page(house: House, settings: Any) -> None:
    room = await store.ask(make.live_room)
    async with house.browser() as browser:
        await browser.get(address(room))
        dark = await browser.get(address(room), headers={"cookie": "theme=dark"})
        assert 'data-theme="dark"' in dark.text
        odd = await browser.get(address(room), headers={"cookie": 'theme="><script>'})
        assert "data-theme" not in odd.text
        other = await browser.get(address(room), headers={"host": "other.example"})
        assert other.status_code == 200
        assert len(house.asked) == 3
        settings.ALLOWED_HOSTS = ["testserver"]
        foreign = await browser.get(address(room), headers={"host": "evil.example"})
        assert foreign.status_code == 400


@pytest.mark.usefixtures("slow_clock")
async def test_who_is_signed_in_gets_a_page_of_their_own(house: House) -> None:
    room = await store.ask(make.live_room)
    anna = await store.ask(make.user, "anna")
    cookie = await store.ask(sign_in, anna)
    async with house.browser() as browser:
        await browser.get(address(room))
        own = await browser.get(
            address(room), headers={"cookie": f"{django_settings.SESSION_COOKIE_NAME}={cookie}"}
        )
        guest = await browser.get(address(room))
    assert f'data-me="{anna.pk}"' in own.text
    assert 'name="csrf-token"' in own.text
    assert 'data-me=""' in guest.text
    assert len(house.asked) == 2


async def test_a_change_of_the_room_is_seen_soon(house: House) -> None:
    room = await store.ask(make.live_room, items=1)
    first = await store.ask(make.first_item, room)
    async with house.browser() as browser:
        before = await browser.get(address(room))
        await store.ask(actions.pin, room=room, placement_id=first.placement_id, actor=room.anchor)
        began = time.monotonic()
        while (page := await browser.get(address(room))).text.count('"pinned": null') or (
            f'"pinned": {first.placement_id}' not in page.text
        ):
            assert time.monotonic() - began < VISIBLE_SECONDS
            await asyncio.sleep(0.05)
    assert f'"pinned": {first.placement_id}' not in before.text


async def test_what_is_hidden_and_what_is_shown_again_is_seen_soon(house: House) -> None:
    room = await store.ask(make.live_room)
    async with house.browser() as browser:
        assert (await browser.get(address(room))).status_code == 200
        await store.ask(Room.objects.filter(pk=room.pk).update, state="ARCHIVED")
        began = time.monotonic()
        while (await browser.get(address(room))).status_code != 404:
            assert time.monotonic() - began < VISIBLE_SECONDS
            await asyncio.sleep(0.05)
        await store.ask(Room.objects.filter(pk=room.pk).update, state="LIVE")
        began = time.monotonic()
        while (await browser.get(address(room))).status_code != 200:
            assert time.monotonic() - began < VISIBLE_SECONDS
            await asyncio.sleep(0.05)


@pytest.mark.usefixtures("slow_clock")
async def test_a_flood_for_a_room_that_is_not_there_costs_one_rendering(house: House) -> None:
    draft = await store.ask(lambda: actions.create_room(anchor=make.user()))
    room = await store.ask(make.live_room)
    async with house.browser() as browser:
        assert (await browser.get(address(room))).status_code == 200
        for path in (address(draft), "/rooms/nobody-ever/"):
            house.asked.clear()
            answers = [await browser.get(path) for _ in range(30)]
            assert {answer.status_code for answer in answers} == {404}
            assert len(house.asked) == 1
            seen = [nonces(answer) for answer in answers]
            assert all(inside <= {header} for header, inside in seen)
            assert len({header for header, _inside in seen}) == 30
            assert "set-cookie" not in answers[-1].headers
        # However many are made up, they are bounded and push out no room that is there.
        house.asked.clear()
        for number in range(MOST_MISSING + 20):
            await browser.get(f"/rooms/made-up-{number}/")
        assert len(house.doorway._missing) <= MOST_MISSING
        assert len(house.asked) == MOST_MISSING + 20
        house.asked.clear()
        assert (await browser.get(address(room))).status_code == 200
        assert house.asked == []


@pytest.mark.parametrize(
    ("query", "shared"),
    [
        ("utm_source=mail&utm_campaign=a%20b", True),
        ("utm_source", True),
        ("fbclid=x&gclid=y", True),
        ("utm_source=a&page=2", False),
        ("utm=1", False),
        ("xutm_source=a", False),
        ("utm_source=a;page=2", False),
        ("utm_source=" + "a" * 1000, False),
    ],
)
@pytest.mark.usefixtures("slow_clock")
async def test_where_a_guest_comes_from_changes_nothing_in_the_page(
    house: House, query: str, shared: bool
) -> None:
    room = await store.ask(make.live_room)
    async with house.browser() as browser:
        plain = await browser.get(address(room))
        house.asked.clear()
        counted = await browser.get(f"{address(room)}?{query}")
    assert counted.status_code == 200
    assert (house.asked == []) is shared
    if shared:
        bare = [re.sub(re.escape(nonces(page)[0]), "", page.text) for page in (plain, counted)]
        assert bare[0] == bare[1]


@pytest.mark.parametrize(
    ("method", "suffix", "headers"),
    [
        ("POST", "", {}),
        ("GET", "?utm=1", {}),
        ("GET", "replay/", {}),
        ("GET", "", {"cookie": "messages=x"}),
        ("GET", "", {"accept": "application/json"}),
        ("GET", "", {"hx-request": "true"}),
    ],
)
@pytest.mark.usefixtures("slow_clock")
async def test_anything_else_goes_to_django(
    house: House, method: str, suffix: str, headers: Any
) -> None:
    room = await store.ask(make.live_room)
    async with house.browser() as browser:
        await browser.get(address(room))
        house.asked.clear()
        await browser.request(method, address(room) + suffix, headers=headers)
    assert len(house.asked) == 1


@pytest.mark.usefixtures("slow_clock")
async def test_an_answer_that_sets_a_cookie_or_streams_is_not_kept() -> None:
    def app(*headers: tuple[bytes, bytes]) -> Callable[..., Any]:
        async def answer(scope: Any, receive: Any, send: Any) -> None:
            asked.append(scope["path"])
            await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
            await send({"type": "http.response.body", "body": b"ok"})

        return answer

    length = (b"Content-Length", b"2")
    for headers, times in [
        ([length, (b"Set-Cookie", b"a=b")], 4),
        ([], 4),
        ([length], 1),
    ]:
        asked: list[str] = []
        transport = httpx.ASGITransport(app=Doorway(app(*headers)))
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as browser:
            for _ in range(2):
                assert (await browser.get("/rooms/silk/")).text == "ok"
        assert len(asked) == times


@pytest.mark.usefixtures("slow_clock")
async def test_memory_is_bounded_however_many_hosts_are_made_up() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})

    doorway = Doorway(app)
    transport = httpx.ASGITransport(app=doorway)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as browser:
        for number in range(MOST_PAGES + 50):
            await browser.get("/rooms/silk/", headers={"host": f"h{number}.example"})
    assert 1 <= len(doorway._kept) <= MOST_PAGES
