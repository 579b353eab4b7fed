"""One viewer's socket: `/ws/rooms/<room_id>/`, spoken as docs/realtime.md says.

A plain ASGI application without a channel layer. The hub writes to the viewer; this task only
sleeps in `receive` and acts on what comes in.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import time
from typing import Any
from urllib.parse import parse_qs

from channels.routing import URLRouter
from django.conf import settings
from django.db import DatabaseError
from django.urls import path, re_path

from core.errors import Invalid
from rooms import fanout, hub
from rooms.hub import sessions, store
from rooms.hub.keeper import BANNED
from rooms.hub.refusals import address_of, refusals
from rooms.hub.viewer import Identity, Viewer
from rooms.messages import Conversation
from rooms.messages.conversation import ABUSE
from rooms.moderation.gate import BAN
from rooms.permissions import VIEWER
from rooms.visitors import cookies_of, language_of

NO_SUCH_ROOM = 4004
TRY_AGAIN = 1013
CLOSE_SECONDS = 1.0
# Lets a guest with two tabs, or one who comes back, be counted once. Ends with the browser.
VISITOR_COOKIE = "visitor"
VISITOR = re.compile(r"[A-Za-z0-9_-]{16}")


async def room_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The whole life of one connection."""
    if (await receive())["type"] != "websocket.connect":
        return
    if refusals.refuses(address_of(scope), caller_of(scope)):
        await send({"type": "websocket.close", "code": ABUSE})
        return
    if not await _serve(scope, receive, send):
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": NO_SUCH_ROOM})


async def _serve(scope: dict[str, Any], receive: Any, send: Any) -> bool:
    """False when there is no such room, and nothing has been sent yet."""
    here = hub.current()
    cookies = cookies_of(scope["headers"])
    try:
        identity = await _identify(cookies.get(settings.SESSION_COOKIE_NAME, ""))
        channel = await here.open(int(scope["url_route"]["kwargs"]["room_id"]))
    except DatabaseError:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": TRY_AGAIN})
        return True
    if channel is None:
        return False
    house = channel.talk.gate.house
    if channel.state == "DRAFT" and (identity is None or house.role(identity.user_id) == VIEWER):
        return False
    if identity is not None and house.standing(identity.user_id, BAN, time.time()):
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": BANNED})
        return True
    visitor = cookies.get(VISITOR_COOKIE, "")
    if identity is None and not VISITOR.fullmatch(visitor):
        visitor = secrets.token_urlsafe(12)
        await send({"type": "websocket.accept", "headers": [_visitor_cookie(visitor)]})
    else:
        await send({"type": "websocket.accept"})

    task = asyncio.current_task()
    closing: list[int] = []

    def on_close(code: int) -> None:
        closing.append(code)
        if task is not None:
            task.cancel()

    viewer = Viewer(
        send,
        identity,
        fanout=fanout.offered(scope),
        language=language_of(scope["headers"], cookies),
        visitor=visitor,
        on_drained=lambda _: conversation.catch_up_soon(),
        on_close=on_close,
    )
    conversation = Conversation(here, channel, viewer)
    since, heard = _known(scope)
    # Bans, sign-outs and what is addressed to the viewer count from here; the room is written to it
    # from its greeting on, which may have to wait for PostgreSQL.
    here.join(channel, viewer)
    try:
        if await _greet(conversation, since, heard):
            await _listen(conversation, receive)
        else:
            closing.append(TRY_AGAIN)
    except asyncio.CancelledError:
        if not closing:
            raise
        if task is not None:
            task.uncancel()
    finally:
        conversation.end()
        here.leave(channel, viewer)
        blocked = viewer.blocked
        viewer.release()
    if ABUSE in closing:
        refusals.closed_for_abuse(address_of(scope), caller_of(scope))
        await _hold_back(scope, receive)
    if closing and not blocked:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CLOSE_SECONDS):
                await send({"type": "websocket.close", "code": closing[0]})
    return True


async def _hold_back(scope: dict[str, Any], receive: Any) -> None:
    """Stop reading from a flooder for a while, where the server can, before it is told to go."""
    writer = fanout.offered(scope)
    if writer is None:
        return
    writer.stop_reading()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(fanout.FLOODER_SECONDS):
            while (await receive())["type"] != "websocket.disconnect":
                pass


def caller_of(scope: dict[str, Any]) -> str:
    """What tells one browser behind an address from another; empty for who has no cookie of ours."""
    cookies = cookies_of(scope["headers"])
    return cookies.get(settings.SESSION_COOKIE_NAME, "") or cookies.get(VISITOR_COOKIE, "")


def _visitor_cookie(visitor: str) -> tuple[bytes, bytes]:
    secure = "; Secure" if settings.SESSION_COOKIE_SECURE else ""
    value = f"{VISITOR_COOKIE}={visitor}; Path=/ws/; HttpOnly; SameSite=Lax{secure}"
    return (b"set-cookie", value.encode())


async def _greet(conversation: Conversation, since: int | None, heard: int | None) -> bool:
    """False without database, when what was missed cannot be told."""
    try:
        await conversation.begin(since, heard)
    except Invalid:
        return False
    return True


async def _listen(conversation: Conversation, receive: Any) -> None:
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        if message["type"] == "websocket.receive":
            await conversation.take(message.get("text"))


async def _identify(session_key: str) -> Identity | None:
    # Guests cost no query; a key of other characters was never one of ours.
    return await store.ask(sessions.identify, session_key) if session_key.isalnum() else None


def _known(scope: dict[str, Any]) -> tuple[int | None, int | None]:
    """`?s=17&c=1763930000000` in the handshake: the last event and chat line that the viewer knows."""
    query = parse_qs(scope.get("query_string", b"").decode("latin1"))
    return _number(query.get("s", [""])[0]), _number(query.get("c", [""])[0])


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


async def nowhere(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Any other path: refuse the handshake."""
    await receive()
    await send({"type": "websocket.close", "code": NO_SUCH_ROOM})


socket_routes = URLRouter(
    [path("ws/rooms/<int:room_id>/", room_socket), re_path(r"^", nowhere)]  # type: ignore[arg-type]
)


async def stop_sockets() -> None:
    """Tell every viewer of this process to come back elsewhere, and stop the hub."""
    await hub.close_current()
