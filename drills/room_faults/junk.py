"""One rude client in a process of its own: `junk PORT ROOM FRAMES_PER_SECOND`.

Begins with a line on stdin, ends with stdin. Closed, it comes back at once. Prints {"offered",
"frames", "closed", "ms"} as JSON: frames that were due, and those that the system took from it.

With `sink` for the port it sends the same bytes to a listener of its own that throws them away: what
the client alone costs a machine that it shares with the server.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import sys
import threading
import time

BATCHES_PER_SECOND = 100
KINDS = (
    b"{",
    b"[]",
    b'{"t":"nonsense"}',
    b'{"t":"chat","text":7}',
    b"\x00" * 40,
    b"null",
    b"[[[[[[",
)


def frame(payload: bytes) -> bytes:
    """A masked text frame (mask 0, so that the payload stays readable)."""
    return bytes((0x81, 0x80 | len(payload))) + bytes(4) + payload


def dial(port: int, room: int) -> socket.socket:
    peer = socket.create_connection(("127.0.0.1", port), timeout=5)
    peer.sendall(
        f"GET /ws/rooms/{room}/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    peer.recv(4096)
    peer.setblocking(False)
    return peer


def sink() -> int:
    """The port of a listener that shakes hands and throws away what comes."""
    door = socket.create_server(("127.0.0.1", 0))

    def swallow() -> None:
        while True:
            peer, _ = door.accept()
            with peer, contextlib.suppress(OSError):
                peer.recv(4096)
                peer.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
                while peer.recv(65536):
                    pass

    threading.Thread(target=swallow, daemon=True).start()
    return door.getsockname()[1]


def over(peer: socket.socket) -> bool:
    """Whether the server has said goodbye; a close frame is enough, rude or not."""
    try:
        while data := peer.recv(65536):
            if b"\x88" in data:
                return True
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def main() -> None:
    where, room, rate = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    port = sink() if where == "sink" else int(where)
    # Whoever floods has a machine of its own; here it must not take the server's turns.
    os.nice(10)
    batch = b"".join(frame(KINDS[n % len(KINDS)]) for n in range(rate // BATCHES_PER_SECOND))
    frames = closed = offered = 0
    sys.stdin.buffer.raw.readline()  # type: ignore[union-attr]
    began = time.monotonic()
    peer: socket.socket | None = None
    rest = b""
    due = began
    while not select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
        due = max(due + 1 / BATCHES_PER_SECOND, time.monotonic() - 0.05)
        offered += rate // BATCHES_PER_SECOND
        try:
            if peer is None:
                peer, rest = dial(port, room), b""
            rest = rest or batch
            sent = peer.send(rest)
            frames += (rate // BATCHES_PER_SECOND) * sent // len(batch)
            rest = rest[sent:]
        except BlockingIOError:
            pass
        except OSError:
            peer = None
            closed += 1
            continue
        if over(peer):
            peer.close()
            peer = None
            closed += 1
    with contextlib.suppress(BrokenPipeError):
        print(
            json.dumps(
                {
                    "offered": offered,
                    "frames": frames,
                    "closed": closed,
                    "ms": round(1000 * (time.monotonic() - began)),
                }
            )
        )
    os._exit(0)


if __name__ == "__main__":
    main()
