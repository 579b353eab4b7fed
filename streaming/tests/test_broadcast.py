"""The broadcaster without a camera: a loop without a seam, and a sender that outlives the server."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from accounts.models import User
from streaming import actions
from streaming.broadcast import loop
from streaming.broadcast.loop import Loop
from streaming.broadcast.sender import Sender
from streaming.models import Stream
from streaming.origin.stills import check_still

SECONDS = 8


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    folder = tmp_path_factory.mktemp("pictures")
    for name, colour in (("one", "teal"), ("two", "salmon")):
        Image.new("RGB", (320, 200), colour).save(folder / f"{name}.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "SECONDS", SECONDS)
        yield loop.load(pictures=sorted(folder.glob("*.png")), seed=3, folder=folder)


def test_pictures_and_sound_run_on_over_the_seam(drawn: Loop) -> None:
    parts = [drawn.part(number) for number in range(len(drawn.parts) + 8)]

    with av.open(io.BytesIO(drawn.init + b"".join(parts))) as movie:
        packets = [(p.stream.type, p.pts) for p in movie.demux() if p.pts is not None]
    pictures = [pts for kind, pts in packets if kind == "video"]
    sounds = [pts for kind, pts in packets if kind == "audio"]
    with av.open(io.BytesIO(drawn.init + b"".join(parts))) as movie:
        decoded = sum(1 for _ in movie.decode(video=0))

    assert len(pictures) == (SECONDS + 2) * loop.FRAME_RATE == decoded
    assert {b - a for a, b in pairwise(pictures)} == {loop.PICTURE_TICKS}
    assert {b - a for a, b in pairwise(sounds)} == {loop.AAC_FRAME}


def test_every_second_begins_with_a_key_frame(drawn: Loop) -> None:
    for number in range(0, len(drawn.parts), loop.PARTS_PER_SECOND):
        with av.open(io.BytesIO(drawn.init + drawn.part(number))) as movie:
            assert next(movie.demux(video=0)).is_keyframe


def test_a_drawn_loop_is_read_back_from_the_cache(tmp_path: Path, drawn: Loop) -> None:
    loop._write(tmp_path / "kept.bin", drawn)

    assert loop._read(tmp_path / "kept.bin") == drawn


def test_a_cache_that_was_cut_off_is_not_believed(tmp_path: Path, drawn: Loop) -> None:
    loop._write(tmp_path / "kept.bin", drawn)
    whole = (tmp_path / "kept.bin").read_bytes()
    (tmp_path / "kept.bin").write_bytes(whole[:-1])

    with pytest.raises(ValueError, match="cut off"):
        loop._read(tmp_path / "kept.bin")


@dataclass
class Server:
    """Stands in for the origin; `faults` maps the n-th request to (status, X-Next, code)."""

    faults: dict[int, tuple[int, int | None, str]]
    stop: threading.Event
    enough: int = 8
    asked: list[str] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    closed: bool = False
    stills: list[bytes] = field(default_factory=list)

    def answer(self, path: str, body: bytes) -> tuple[int, int | None, str]:
        if path.endswith("/still"):
            self.stills.append(body)
            return 204, None, ""
        self.asked.append(path)
        if path.endswith("/end"):
            self.closed = True
            return 204, None, ""
        fault = self.faults.get(len(self.asked))
        if fault:
            return fault
        self.kept.append(int(path.rsplit("/", 1)[1]))
        if len(self.kept) >= self.enough:
            self.stop.set()
        return 204, None, ""


def broadcast(
    drawn: Loop, stream: Stream, **faults: tuple[int, int | None, str]
) -> tuple[Server, str]:
    stop = threading.Event()
    server = Server({int(n.removeprefix("at_")): fault for n, fault in faults.items()}, stop)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, wanted, code = server.answer(self.path, sent)
            if status == 0:
                self.close_connection = True
                return
            body = f'{{"code": "{code}"}}'.encode() if code else b""
            self.send_response(status)
            if wanted is not None:
                self.send_header("X-Next", str(wanted))
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if status != 204:
                self.wfile.write(body)

        do_POST = do_PUT

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        sender = Sender(
            stream=stream,
            user=stream.owner,
            loop=drawn,
            base_url=f"http://127.0.0.1:{http.server_address[1]}",
            stop=stop,
        )
        reason = sender.run()
        http.shutdown()
    return server, reason


@pytest.fixture
def stream(transactional_db: None) -> Stream:
    return actions.create_stream(owner=User.objects.create_user("anchor", "anchor@example.org"))


def test_parts_come_in_order_and_the_end_is_said(drawn: Loop, stream: Stream) -> None:
    server, reason = broadcast(drawn, stream)

    assert server.kept == list(range(8))
    assert (reason, server.closed) == ("stopped", True)


def test_a_small_picture_goes_with_the_parts(drawn: Loop, stream: Stream) -> None:
    server, _ = broadcast(drawn, stream)

    assert len(server.stills) == 1
    check_still(server.stills[0])
    assert Image.open(io.BytesIO(server.stills[0])).size == (360, 640)
    assert len(set(drawn.stills)) == SECONDS // loop.STILL_SECONDS


def test_an_answer_that_got_lost_is_asked_for_again(drawn: Loop, stream: Stream) -> None:
    server, _ = broadcast(drawn, stream, at_4=(0, None, ""))

    assert server.kept == list(range(8))
    assert len(server.asked) == 8 + 1 + 1, "one repetition, one goodbye"


def test_a_restarted_origin_gets_again_what_it_lost(drawn: Loop, stream: Stream) -> None:
    server, _ = broadcast(drawn, stream, at_6=(409, 3, "hole"))

    assert server.kept == [0, 1, 2, 3, 4, 3, 4, 5]


def test_a_worthless_token_is_replaced_by_a_new_session(drawn: Loop, stream: Stream) -> None:
    server, _ = broadcast(drawn, stream, at_3=(403, None, "revoked"))

    sessions = list(dict.fromkeys(path.split("/")[3] for path in server.asked))
    assert len(sessions) == 2
    assert server.kept[:2] == [0, 1]
    assert server.kept[2:] == list(range(6))


@pytest.mark.parametrize("code", ["superseded", "ended"])
def test_a_final_refusal_ends_the_broadcast(drawn: Loop, stream: Stream, code: str) -> None:
    _, reason = broadcast(drawn, stream, at_3=(403, None, code))

    assert reason == code


def test_a_stream_that_is_over_is_not_broadcast(drawn: Loop, stream: Stream) -> None:
    actions.end_stream(stream=stream)

    server, reason = broadcast(drawn, stream)

    assert (reason, server.asked) == ("ended", [])
