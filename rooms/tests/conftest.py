"""Sockets for the tests: a factory of viewers, all of them closed and the hub with them at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from django.test import Client

from accounts.models import User
from core import redis
from rooms import hub
from rooms.hub import store
from rooms.models import Room
from rooms.socket import socket_routes
from rooms.tests.client import Watcher
from tests.redis_server import RedisServer

Watch = Callable[..., Awaitable[Watcher]]


def sign_in(user: User) -> str:
    """A session of `user`; returns its cookie."""
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


@pytest_asyncio.fixture
async def watch(transactional_db: Any) -> AsyncIterator[Watch]:
    watchers: list[Watcher] = []

    async def start(
        room: Room | int,
        user: User | None = None,
        *,
        cookie: str = "",
        visitor: str = "",
        query: str = "",
        app: Any = None,
    ) -> Watcher:
        if user is not None:
            cookie = await store.ask(sign_in, user)
        room_id = room if isinstance(room, int) else room.pk
        watcher = Watcher(
            app or socket_routes, room_id, cookie=cookie, visitor=visitor, query=query
        )
        watchers.append(watcher)
        return await watcher.open()

    yield start
    for watcher in watchers:
        await watcher.close()
    await hub.close_current()


@pytest.fixture
def db_do() -> Callable[..., Awaitable[Any]]:
    """Run a function that uses the database from an async test."""
    return store.ask


@pytest.fixture
def redis_servers(tmp_path: Path, settings: Any) -> Iterator[list[RedisServer]]:
    """Two servers of our own that share the rooms; neither is the main one."""
    servers = [RedisServer(tmp_path / name).start() for name in ("one", "two")]
    settings.ROOM_REDIS_URLS = [server.url for server in servers]
    yield servers
    for server in servers:
        server.stop()


@pytest.fixture
def own_redis(tmp_path: Path, settings: Any) -> Iterator[RedisServer]:
    """A main server of our own, for tests that kill it."""
    server = RedisServer(tmp_path / "own").start()
    settings.REDIS_URL = server.url
    redis.client.cache_clear()
    yield server
    redis.client.cache_clear()
    server.stop()
