"""A guest's way into an open room goes past the database."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError

from rooms.hub import store
from rooms.tests import factories as make
from rooms.tests.conftest import sign_in

# What a hub asks by itself now and then.
ROUNDS = {"heads", "save_sums"}


@pytest.fixture
def dead_database(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call it, and nobody gets an answer from PostgreSQL any more; it lists who asked."""
    asked: list[str] = []

    def kill() -> list[str]:
        async def refuse(threads: Any, work: Any, *args: Any, **kwargs: Any) -> Any:
            asked.append(work.__qualname__)
            raise DatabaseError("the database is away")

        monkeypatch.setattr(store, "run_in", refuse)
        return asked

    return kill


async def test_a_guest_joins_resumes_and_likes_without_a_query(watch, db_do, dead_database) -> None:
    room = await db_do(make.live_room)
    here = (await (await watch(room)).get("welcome"))["s"]
    asked = dead_database()
    guest = await watch(room, query=f"s={here}")
    assert (await guest.get("welcome"))["you"] is None
    await guest.send({"t": "hello", "s": here}, {"t": "like", "n": 2}, {"t": "ping"})
    await guest.get("pong")
    await guest.get("viewers", n=2)
    # The hub's own rounds are not the guest's.
    assert [name for name in asked if name not in ROUNDS] == []


async def test_an_account_cannot_join_without_it(watch, db_do, dead_database) -> None:
    """The negative control: the same trap catches a sign-in."""
    room = await db_do(make.live_room)
    await watch(room)
    cookie = await db_do(sign_in, await db_do(make.user))
    asked = dead_database()
    person = await watch(room, cookie=cookie)
    await person.until(lambda: person.closed)
    assert person.closed == 1013
    assert "identify" in asked
