"""Sockets behind real servers: the same promises on all three ways in which frames are written."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import struct
import time
from collections.abc import Iterator
from typing import Any

import pytest
import websockets

from rooms import hub, wire
from rooms.fanout import BOUND, FLOODER_SECONDS
from rooms.hub import metrics
from rooms.socket import stop_sockets
from rooms.tests import factories as make
from tests.socket_servers import PATHS, Running, serving

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=PATHS)
def server(request: Any, transactional_db: Any) -> Iterator[Running]:
    with serving(request.param) as running:
        yield running


@pytest.fixture(params=["uvicorn", "daphne"])
def direct(request: Any, transactional_db: Any) -> Iterator[Running]:
    """The servers with a way of their own to write frames."""
    with serving(request.param) as running:
        yield running


class Peer:
    """A viewer at the level of bytes: it reads only when told to."""

    def __init__(self, server: Running, room_id: int, *, receive_buffer: int = 0) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(10)
        self.socket.connect(("127.0.0.1", server.port))
        self.socket.sendall(
            f"GET /ws/rooms/{room_id}/ HTTP/1.1\r\nHost: testserver\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1Ng==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self._bytes = b""
        while b"\r\n\r\n" not in self._bytes:
            self._more()
        head, _, self._bytes = self._bytes.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head

    def _more(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionResetError
        self._bytes += data

    def _take(self, count: int) -> bytes:
        while len(self._bytes) < count:
            self._more()
        taken, self._bytes = self._bytes[:count], self._bytes[count:]
        return taken

    def frame(self) -> tuple[int, bytes]:
        """(opcode, payload) of the next frame; fails on bytes that are no frame of a server."""
        first, second = self._take(2)
        assert first & 0x70 == 0, "reserved bits"
        assert first & 0x80, "fragment"
        assert first & 0x0F in {1, 8, 9, 10}, "opcode"
        assert second < 128, "masked"
        size = second
        if size == 126:
            [size] = struct.unpack("!H", self._take(2))
        elif size == 127:
            [size] = struct.unpack("!Q", self._take(8))
        return first & 0x0F, self._take(size)

    def send(self, opcode: int, payload: bytes = b"") -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        size = (
            bytes([0x80 | len(payload)])
            if len(payload) < 126
            else bytes([0x80 | 126]) + struct.pack("!H", len(payload))
        )
        self.socket.sendall(bytes([0x80 | opcode]) + size + mask + masked)

    def close_code(self) -> int:
        """Read on to the close frame."""
        while True:
            opcode, payload = self.frame()
            if opcode == 8:
                return struct.unpack("!H", payload[:2])[0]


def ticker(server: Running, channel: Any, size: int, count: int = 1) -> None:
    """`count` durable events of about `size` characters, each in a frame of its own."""

    def write() -> None:
        for _ in range(count):
            seq = channel.head + 1
            channel.take_durable(seq, wire.durable(seq, "ticker", {"name": "x" * size}))
            channel.flush()

    server.call(write)


def test_a_viewer_gets_frames_answers_and_a_goodbye(server: Running) -> None:
    room = make.live_room()

    async def watch() -> None:
        async with websockets.connect(server.url(room.pk)) as viewer:
            assert json.loads(await viewer.recv())[0]["t"] == "welcome"
            await viewer.send(json.dumps({"t": "ping"}))
            await (await viewer.ping())
            ticker(server, server.channel(room.pk), 3000)
            seen: list[Any] = []
            while {"pong", "ticker"} - {event["t"] for event in seen}:
                seen += json.loads(await viewer.recv())
            asyncio.get_running_loop().run_in_executor(None, stop, server)
            with contextlib.suppress(websockets.ConnectionClosed):
                while True:
                    seen += json.loads(await viewer.recv())
            assert seen[-1]["t"] == "bye"
            assert viewer.close_code == 1012

    asyncio.run(watch())


def stop(server: Running) -> None:
    server.run(stop_sockets())


def test_a_room_frame_is_deflated_once_for_those_who_can(transactional_db: Any) -> None:
    room = make.live_room()

    async def watch(running: Running) -> None:
        async with (
            websockets.connect(running.url(room.pk)) as able,
            websockets.connect(running.url(room.pk), compression=None) as unable,
        ):
            assert "no_context_takeover" in able.response.headers["Sec-WebSocket-Extensions"]
            assert "Sec-WebSocket-Extensions" not in unable.response.headers
            ticker(running, running.channel(room.pk), 9000, 20)
            for viewer in (able, unable):
                seen: list[Any] = []
                while sum(event["t"] == "ticker" for event in seen) < 20:
                    seen += json.loads(await viewer.recv())
            assert sorted(running.call(compressing, room.pk)) == [False, True]
            await able.send(json.dumps({"t": "ping", "filler": "y" * 3000}))
            while not any(event["t"] == "pong" for event in json.loads(await able.recv())):
                pass

    with serving("uvicorn") as running:
        asyncio.run(watch(running))


def compressing(room_id: int) -> list[bool]:
    return [viewer._direct.compresses for viewer in hub.current().channels[room_id].viewers]


def test_frames_of_a_slow_reader_are_never_mixed_and_nothing_durable_is_missing(
    direct: Running,
) -> None:
    room = make.live_room()
    peer = Peer(direct, room.pk, receive_buffer=8192)
    channel = direct.channel(room.pk)
    first = channel.head + 1
    sizes = [17, 900, 70_000, 126, 65_536, 5, 30_000] * 6
    seqs: list[int] = []
    pongs = 0

    def read(until_seq: int) -> None:
        nonlocal pongs
        while not seqs or seqs[-1] < until_seq:
            opcode, payload = peer.frame()
            if opcode == 10:
                assert payload == b"how are you"
                pongs += 1
            elif opcode == 1:
                seqs.extend(event["s"] for event in json.loads(payload) if event["t"] == "ticker")

    for number, size in enumerate(sizes):
        ticker(direct, channel, size)
        peer.send(9, b"how are you")
        if number % 14 == 13:
            read(channel.head)
    while pongs < len(sizes):
        opcode, _ = peer.frame()
        pongs += opcode == 10
    # What is repeated is dropped by the client; what it applies has no hole.
    applied = [seq for at, seq in enumerate(seqs) if seq > max(seqs[:at], default=0)]
    assert applied == list(range(first, first + len(sizes)))


def test_a_peer_that_never_reads_is_bounded_and_closed_with_4008(
    direct: Running, monkeypatch: Any
) -> None:
    monkeypatch.setattr("rooms.hub.viewer.STALLED_SECONDS", 1.0)
    room = make.live_room()
    before = metrics.TOO_SLOW._value.get()
    lazy = [Peer(direct, room.pk, receive_buffer=4096) for _ in range(3)]
    channel = direct.channel(room.pk)
    viewers = direct.call(lambda: list(channel.viewers))
    most = 0
    for _ in range(100):
        ticker(direct, channel, 30_000)
        most = max(most, *direct.call(lambda: [viewer.unsent for viewer in viewers]))
    assert BOUND < most <= BOUND + 31_000
    assert direct.call(lambda: all(viewer.lagging for viewer in viewers))
    while direct.call(lambda: list(channel.viewers)):
        time.sleep(0.02)
    assert metrics.TOO_SLOW._value.get() == before + 3
    for peer in lazy:
        assert peer.close_code() == 4008


def test_a_message_past_all_bounds_closes_its_own_socket_alone(server: Running) -> None:
    room = make.live_room()
    rude, calm = Peer(server, room.pk), Peer(server, room.pk)
    rude.send(1, b"x" * (16 * 1024 + 1))
    assert rude.close_code() == 1009
    calm.send(1, b'{"t":"ping"}')
    while b'"pong"' not in calm.frame()[1]:
        pass


def test_a_flood_of_junk_is_closed_and_the_others_go_on(server: Running) -> None:
    room = make.live_room()
    calm = Peer(server, room.pk)
    flood = Peer(server, room.pk)
    with contextlib.suppress(OSError):
        for _ in range(200):
            flood.socket.sendall(b"\x81\x81aaaa\x1a" * 1000)
    assert flood.close_code() == 4009
    calm.send(1, b'{"t":"ping"}')
    while b'"pong"' not in calm.frame()[1]:
        pass


def test_a_flooder_is_not_read_from_for_a_while_before_it_is_closed(direct: Running) -> None:
    room = make.live_room()
    flood = Peer(direct, room.pk)
    # Given a flood that goes on until nothing is taken any more.
    flood.socket.settimeout(0.5)
    began = time.monotonic()
    with contextlib.suppress(OSError):
        while time.monotonic() < began + FLOODER_SECONDS:
            flood.socket.sendall(b"\x81\x81aaaa\x1a" * 1000)
    # Then it was stopped by its own full buffers, long before it is told to go.
    assert time.monotonic() < began + FLOODER_SECONDS - 0.5
    flood.socket.settimeout(10)
    assert flood.close_code() == 4009
    assert time.monotonic() >= began + FLOODER_SECONDS


def test_a_flood_of_pings_is_closed(transactional_db: Any) -> None:
    room = make.live_room()
    with serving("uvicorn") as running:
        peer = Peer(running, room.pk)
        peer.socket.sendall(b"\x89\x80aaaa" * 1001)
        assert peer.close_code() == 1008


def test_a_gone_viewer_is_never_written_to_again(direct: Running) -> None:
    room = make.live_room()
    peer, other = Peer(direct, room.pk), Peer(direct, room.pk)
    channel = direct.channel(room.pk)
    gone = direct.call(lambda: next(iter(channel.viewers)))
    outlet = gone._direct
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.socket.close()
    while gone in direct.call(lambda: list(channel.viewers)):
        pass
    # Its descriptor belongs to somebody else by now; bytes written to it would be theirs.
    newcomers = [Peer(direct, room.pk) for _ in range(3)]
    assert direct.call(outlet.write, b"\x81\x06never!")
    ticker(direct, channel, 10)
    for viewer in (other, *newcomers):
        payload = b""
        while b"ticker" not in payload:
            payload = viewer.frame()[1]
            assert b"never" not in payload
