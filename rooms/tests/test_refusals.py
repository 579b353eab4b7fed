"""Who floods again and again is kept out for a while, and nobody else is."""

from __future__ import annotations

from typing import Any

import pytest

from rooms.hub import refusals
from rooms.hub.refusals import Refusals, address_of
from rooms.socket import socket_routes
from rooms.tests import factories as make


@pytest.fixture(autouse=True)
def nobody_refused() -> Any:
    yield
    refusals.refusals.__init__()  # type: ignore[misc]


def at(address: str) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await socket_routes({**scope, "client": (address, 1234)}, receive, send)

    return app


async def flood(watch: Any, room: Any, address: str, visitor: str = "") -> Any:
    watcher = await watch(room, app=at(address), visitor=visitor)
    for _ in range(60):
        await watcher.send_raw("{")
    await watcher.until(lambda: watcher.closed)
    return watcher


async def test_after_the_third_flood_strangers_from_there_are_let_in_slowly(watch, db_do) -> None:
    room = await db_do(make.live_room)
    for _ in range(3):
        # The control: up to the third it is let in again.
        assert (await flood(watch, room, "203.0.113.7")).closed == 4009
    let_in = [(await watch(room, app=at("203.0.113.7"))).accepted for _ in range(12)]
    assert 1 <= sum(let_in) <= 6
    neighbour = await watch(room, app=at("203.0.113.8"))
    assert neighbour.accepted


async def test_a_flood_shuts_out_its_own_browser_and_not_those_behind_the_same_address(
    watch, db_do
) -> None:
    room = await db_do(make.live_room)
    for _ in range(3):
        await flood(watch, room, "203.0.113.9", visitor="rude-rude-rude-0")
    refused = await watch(room, app=at("203.0.113.9"), visitor="rude-rude-rude-0")
    assert not refused.accepted
    for number in range(10, 25):
        innocent = await watch(room, app=at("203.0.113.9"), visitor=f"calm-calm-calm{number}")
        assert innocent.accepted
    assert (await watch(room, app=at("203.0.113.9"))).accepted


def test_invented_cookies_share_one_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rooms.limits.time.monotonic", lambda: 100.0)
    table = Refusals()
    for number in range(300):
        table.closed_for_abuse("198.51.100.9", f"invented-{number}")
    refused = [table.refuses("198.51.100.9", f"another-{number}") for number in range(1000)]
    assert refused.count(False) == 20
    assert table.refuses("198.51.100.9", "invented-299")
    assert len(table._slow["198.51.100.9"].rude) <= refusals.MOST_RUDE


async def test_loopback_is_a_proxy_and_never_shut_out(watch, db_do) -> None:
    room = await db_do(make.live_room)
    for _ in range(4):
        assert (await flood(watch, room, "127.0.0.1")).accepted
    assert (await watch(room, app=at("127.0.0.1"))).accepted


def test_the_time_passes_and_the_table_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(refusals.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(refusals, "MOST_ADDRESSES", 5)
    table = Refusals()
    for _ in range(3):
        table.closed_for_abuse("198.51.100.1")
    assert [table.refuses("198.51.100.1") for _ in range(6)] == [False] * 5 + [True]
    now[0] += 31
    assert not table.refuses("198.51.100.1")
    for _ in range(2):
        table.closed_for_abuse("198.51.100.2")
    now[0] += 61
    table.closed_for_abuse("198.51.100.2")
    assert not table.refuses("198.51.100.2")
    for number in range(50):
        for _ in range(3):
            table.closed_for_abuse(f"198.51.100.{number}")
        table.closed_for_abuse(f"203.0.113.{number}")
    assert len(table._slow) <= 5
    assert len(table._closed) <= 5


@pytest.mark.parametrize("client", [None, ("", 0), ("unix", 0), ("::1", 5), ["127.0.0.9", 5]])
def test_an_address_that_says_nothing_is_none(client: Any) -> None:
    assert address_of({"client": client}) == ""
