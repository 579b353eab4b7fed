"""Who may no longer be there is closed within two seconds, wherever the socket is."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import User
from core import events
from rooms import hub, notices
from rooms.hub import sessions
from rooms.tests import factories as make
from rooms.tests.conftest import sign_in

AT_ONCE = 2.0


def sign_out(cookie: str) -> None:
    client = Client()
    client.cookies["sessionid"] = cookie
    assert client.post("/accounts/logout/").status_code == 302


def change_password(user: User) -> None:
    user.set_password("other words 2")
    user.save()
    events.deliver_due()


def bar(user: User) -> None:
    user.is_active = False
    user.save()
    events.deliver_due()


async def closes(watcher: Any) -> float:
    """Seconds until the socket is closed."""
    began = time.monotonic()
    await watcher.until(lambda: watcher.closed)
    return time.monotonic() - began


@pytest.mark.parametrize("how", ["sign out", "session deleted", "new password", "barred"])
async def test_the_socket_closes_at_once(watch, db_do, how: str) -> None:
    room = await db_do(make.live_room)
    person = await db_do(make.user)
    cookie, other_device = await db_do(sign_in, person), await db_do(sign_in, person)
    gone = await watch(room, cookie=cookie)
    elsewhere = await watch(room, cookie=other_device)
    stays = await watch(room, await db_do(make.user))
    await stays.get("viewers")
    if how == "sign out":
        await db_do(sign_out, cookie)
    elif how == "session deleted":
        await db_do(Session.objects.filter(pk=cookie).delete)
    else:
        await db_do(change_password if how == "new password" else bar, person)
    assert await closes(gone) < AT_ONCE
    assert gone.closed == sessions.SESSION_OVER
    assert stays.closed is None
    if how in {"sign out", "session deleted"}:
        assert elsewhere.closed is None
    else:
        assert await closes(elsewhere) < AT_ONCE


async def test_other_changes_of_an_account_close_nothing(watch, db_do) -> None:
    room = await db_do(make.live_room)
    person = await db_do(make.user)
    watcher = await watch(room, person)
    await watcher.get("viewers")

    def rename() -> int:
        person.display_name = "Anna"
        person.save()
        return events.deliver_due()

    assert await db_do(rename) == 0
    # Even a notice closes only those whose session does not hold.
    await db_do(lambda: notices.signed_out(user_id=person.pk))
    await asyncio.sleep(0.3)
    assert watcher.closed is None


async def test_a_lost_notice_is_made_up_for_when_redis_is_back(watch, db_do, own_redis) -> None:
    room = await db_do(make.live_room)
    person = await db_do(make.user)
    cookie = await db_do(sign_in, person)
    gone = await watch(room, cookie=cookie)
    await gone.get("viewers")
    own_redis.kill9()
    await db_do(sign_out, cookie)
    assert gone.closed is None
    await asyncio.to_thread(own_redis.start)
    assert await closes(gone) < 5
    assert gone.closed == sessions.SESSION_OVER


async def test_while_notices_come_the_check_is_rare(watch, db_do) -> None:
    room = await db_do(make.live_room)
    watcher = await watch(room, await db_do(make.user))
    await watcher.get("viewers")
    here = hub.current()
    checked = here._sessions_checked
    await here._check_sessions_when_due()
    assert here._sessions_checked == checked
    here._sessions_checked -= 61
    await here._check_sessions_when_due()
    assert here._sessions_checked > checked
    assert watcher.closed is None
