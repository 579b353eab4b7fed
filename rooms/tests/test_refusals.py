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


async def flood(watch: Any, room: Any, address: str) -> Any:
    watcher = await watch(room, app=at(address))
    for _ in range(60):
        await watcher.send_raw("{")
    await watcher.until(lambda: watcher.closed)
    return watcher


async def test_the_third_flood_from_an_address_shuts_it_out(watch, db_do) -> None:
    room = await db_do(make.live_room)
    for _ in range(3):
        # The control: up to the third it is let in again.
        assert (await flood(watch, room, "203.0.113.7")).closed == 4009
    refused = await watch(room, app=at("203.0.113.7"))
    assert not refused.accepted
    neighbour = await watch(room, app=at("203.0.113.8"))
    assert neighbour.accepted


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
    assert table.refuses("198.51.100.1")
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
    assert len(table._until) <= 5
    assert len(table._closed) <= 5


@pytest.mark.parametrize("client", [None, ("", 0), ("unix", 0), ("::1", 5), ["127.0.0.9", 5]])
def test_an_address_that_says_nothing_is_none(client: Any) -> None:
    assert address_of({"client": client}) == ""
