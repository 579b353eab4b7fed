"""The origin as a real process: killed with -9 in mid-show, nothing is lost."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import av
import httpx
import pytest
from django.conf import settings
from django.db import connection

from accounts.models import User
from streaming import actions
from streaming.backends import PublishGrant
from streaming.tests.camera import encode

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


class Process:
    """`manage.py live_origin` on the database of this test."""

    def __init__(self, data: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        place = connection.settings_dict
        self.environment = {
            **os.environ,
            "LIVESHOP_ENV": "development",
            "DJANGO_SETTINGS_MODULE": "liveshop.settings.development",
            "LIVESHOP_SUPERVISED": "1",
            "LIVESHOP_DATA": str(data),
            "STREAM_SIGNING_KEY": settings.STREAM_SIGNING_KEY,
            "DATABASE_URL": f"postgresql://{place['USER']}@/{place['NAME']}?host={place['HOST']}",
            "REDIS_URL": settings.REDIS_URL,
        }
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "live_origin", "--port", str(self.port)],
            cwd=settings.BASE_DIR,
            env=self.environment,
        )

    def wait_until_up(self) -> None:
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{self.port}/healthz", timeout=2).is_success:
                    return
            assert self.process.poll() is None, "the origin did not start"
            time.sleep(0.1)
        raise AssertionError("the origin did not answer")

    def end(self, number: int) -> None:
        self.process.send_signal(number)
        self.process.wait(15)


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path)
    yield process
    if process.process.poll() is None:
        process.end(signal.SIGTERM)


def put(
    client: httpx.Client, grant: PublishGrant, parts: list[bytes], begin: int, end: int
) -> None:
    """Send parts[begin:end] as a publisher with a ring does."""
    seq = begin
    while seq < end:
        answer = client.put(f"{grant.ingest_url}{seq}", content=parts[seq])
        if answer.status_code == 409:
            seq = int(answer.headers["x-next"])
            continue
        assert answer.status_code == 204, answer.text
        seq += 1


@pytest.mark.timeout(120)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_show_survives_the_end_of_its_origin(origin: Process, how: signal.Signals) -> None:
    owner = User.objects.create_user("anchor", "anchor@example.com", "secret")
    stream = actions.create_stream(owner=owner)
    grant = actions.grant_publish(stream=stream, user=owner)
    parts = encode(6)
    origin.wait_until_up()
    client = httpx.Client(
        base_url=f"http://127.0.0.1:{origin.port}",
        headers={"authorization": f"Bearer {grant.token}"},
        timeout=10,
    )

    put(client, grant, parts, 0, 18)
    origin.end(how)
    origin.start()
    origin.wait_until_up()
    put(client, grant, parts, 18, len(parts))
    actions.end_stream(stream=stream)
    recording = actions.recording(stream=stream)
    assert recording is not None
    deadline = time.monotonic() + 10
    while (replay := client.get(recording.source.url)).status_code == 404:
        assert time.monotonic() < deadline, replay.text
        time.sleep(0.05)

    film = client.get(recording.download_url)
    assert replay.text.count("seg-") == 6
    assert "DISCONTINUITY\n" not in replay.text
    with av.open(io.BytesIO(film.content)) as opened:
        assert sum(1 for _ in opened.decode(video=0)) == 150
    refused = client.put(f"{grant.ingest_url}{len(parts)}", content=parts[1])
    assert (refused.status_code, refused.json()["code"]) == (403, "ended")
    client.close()
