"""PostgreSQL, Redis and server processes of the drill's own, in a folder of their own."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import redis

ROOT = Path(__file__).resolve().parent.parent.parent
READY_SECONDS = 60


class Redis:
    """A Redis that keeps its data on disk, so that a restart can be with or without them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}?db=0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        from liveshop.embedded.redis import binary

        self.folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [
                binary(), "--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder),
                "--save", "", "--appendonly", "yes", "--appendfsync", "everysec",
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        give_up = time.monotonic() + READY_SECONDS
        while True:
            try:
                with redis.Redis.from_url(self.url, socket_timeout=2) as client:
                    client.ping()
                return
            except redis.RedisError:
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.02)

    def kill9(self, *, forget: bool) -> None:
        """`forget`: its data are gone too."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self.socket.unlink(missing_ok=True)
        if forget:
            for left in self.folder.glob("appendonly*"):
                shutil.rmtree(left) if left.is_dir() else left.unlink()

    def freeze(self) -> None:
        """It neither answers nor refuses."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


class Program:
    """One process of the product: `manage.py <words>`."""

    # Open files that it inherits.
    descriptors: tuple[int, ...] = ()

    def __init__(self, log: Path, *words: str, **environment: str) -> None:
        self.words = words
        self.log = log
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), *self.words],
                env={**os.environ, "LIVESHOP_SUPERVISED": "1", **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=self.descriptors,
            )

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill9(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill9()


class Server(Program):
    """`manage.py serve` on a port of its own, whose door we hold open as `manage.py up` does."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.door = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port = self.door.getsockname()[1]
        self.descriptors = (self.door.fileno(),)
        log = data / f"server-{self.port}.log"
        super().__init__(log, "serve", "--fd", str(self.door.fileno()), **environment)
        # What a load balancer's health check would say.
        self.answers = True

    async def ready(self) -> float:
        """Wait until it answers; seconds that took. Raises AssertionError with the end of its log."""
        began = time.monotonic()
        while time.monotonic() < began + READY_SECONDS:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(
                    b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
                )
                answer = await asyncio.wait_for(reader.read(64), 5)
                writer.close()
                if b" 200 " in answer:
                    return time.monotonic() - began
            except (OSError, TimeoutError):
                pass
            if not self.alive:
                break
            await asyncio.sleep(0.05)
        raise AssertionError(f"server {self.port} not ready:\n{self.log.read_text()[-3000:]}")

    @property
    def cpu_seconds(self) -> float:
        """Processor time used so far, in user and kernel mode."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def rss(self) -> int:
        """Bytes of memory in use."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


class Place:
    """Everything that runs; a context manager. Sets Django up in this process on the way."""

    def __init__(self, data: Path, servers: int = 2) -> None:
        self.data = data
        self.redis = Redis(data / "redis")
        self._stack = ExitStack()
        self.servers = [Server(data) for _ in range(servers)]
        self.relay = Program(data / "relay.log", "relay")
        for server in self.servers:
            self._stack.enter_context(server.door)

    def __enter__(self) -> Place:
        os.environ["LIVESHOP_ENV"] = "development"
        os.environ["DJANGO_SETTINGS_MODULE"] = "liveshop.settings.development"
        os.environ["LIVESHOP_DATA"] = str(self.data)
        os.environ["REDIS_URL"] = self.redis.url
        os.environ.pop("DATABASE_URL", None)
        from liveshop.embedded import running

        self._stack.callback(self.redis.stop)
        self.redis.start()
        self.places = self._stack.enter_context(running(self.data))
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0, interactive=False)
        return self

    def start(self) -> None:
        """The server processes and the relay."""
        for program in [*self.servers, self.relay]:
            self._stack.callback(program.stop)
            program.start()

    def add_server(self, **environment: str) -> Server:
        """One more, started, that viewers do not dial by themselves."""
        server = Server(self.data, **environment)
        self._stack.enter_context(server.door)
        self._stack.callback(server.stop)
        server.start()
        return server

    def __exit__(self, *_: object) -> None:
        from django.db import connection

        connection.close()
        self._stack.close()
