"""The socket behind a real server: what only a real transport shows."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
import uvicorn
import websockets

from liveshop.asgi import application
from liveshop.management.commands.serve import SOCKETS, Server
from rooms import hub, wire
from rooms.fanout import BOUND
from rooms.hub import metrics, store
from rooms.tests import factories as make


@pytest_asyncio.fixture
async def server(transactional_db: Any) -> AsyncIterator[tuple[Server, int]]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application, log_config=None, **SOCKETS)
    running = Server(config)
    with contextlib.ExitStack() as stack:
        stack.callback(listening.close)
        task = asyncio.create_task(running._serve([listening]))
        while not running.started:
            await asyncio.sleep(0.01)
        yield running, listening.getsockname()[1]
        running.should_exit = True
        await asyncio.wait_for(task, 10)


async def test_a_browsers_client_gets_frames_and_a_goodbye(server) -> None:
    running, port = server
    room = await store.ask(make.live_room)
    async with websockets.connect(f"ws://127.0.0.1:{port}/ws/rooms/{room.pk}/") as viewer:
        assert json.loads(await viewer.recv())[0]["t"] == "welcome"
        await viewer.send(json.dumps({"t": "ping"}))
        assert json.loads(await viewer.recv())[0]["t"] in {"pong", "viewers"}
        running.should_exit = True
        seen: list[str] = []
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                seen += [event["t"] for event in json.loads(await viewer.recv())]
        assert seen[-1] == "bye"
        assert viewer.close_code == 1012


async def test_a_frame_past_all_bounds_closes_its_own_socket_alone(server) -> None:
    _running, port = server
    room = await store.ask(make.live_room)
    address = f"ws://127.0.0.1:{port}/ws/rooms/{room.pk}/"
    async with websockets.connect(address) as rude, websockets.connect(address) as calm:
        await rude.send("x" * (SOCKETS["ws_max_size"] + 1))
        await rude.wait_closed()
        assert rude.close_code == 1009
        await calm.send(json.dumps({"t": "ping"}))
        seen: list[str] = []
        while "pong" not in seen:
            seen += [event["t"] for event in json.loads(await calm.recv())]


async def test_a_peer_that_never_reads_costs_a_bounded_amount(server, monkeypatch) -> None:
    monkeypatch.setattr("rooms.hub.viewer.STALLED_SECONDS", 0.5)
    _running, port = server
    room = await store.ask(make.live_room)
    lazy = socket.create_connection(("127.0.0.1", port))
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    key = base64.b64encode(os.urandom(16)).decode()
    lazy.sendall(
        f"GET /ws/rooms/{room.pk}/ HTTP/1.1\r\nHost: testserver\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    while not (channels := hub.current().channels) or not channels[room.pk].viewers:
        await asyncio.sleep(0.01)
    channel = channels[room.pk]
    viewer = next(iter(channel.viewers))
    before = metrics.TOO_SLOW._value.get()
    filler = wire.encode({"t": "chat", "text": "x" * 60_000})
    async with asyncio.timeout(30):
        while channel.viewers:
            channel._soft.append(filler)
            channel.flush()
            assert viewer.unsent <= BOUND + len(filler) + 100
            await asyncio.sleep(0.001)
    assert metrics.TOO_SLOW._value.get() == before + 1
    lazy.close()
