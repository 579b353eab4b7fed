"""Those who carry a room to its viewers: our server and its peers, each one process on one core."""

from __future__ import annotations

import os
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from benchmarks.peers import machine, prepare
from benchmarks.peers.load import Door, Publisher
from benchmarks.peers.prepare import HERE, Tools
from benchmarks.peers.shop import Room, Shop
from tests.stack import free_port

READY_SECONDS = 60
CHANNEL = "benchmark"
GROUP = "benchmark"


class Contender(ABC):
    """`name` as the report has it; `start_frames` a second, about what it
    can, is where the search for its rate begins."""

    name: str
    start_frames = 40_000

    def __init__(self, tools: Tools, shop: Shop, cores: machine.Cores) -> None:
        self.tools = tools
        self.shop = shop
        self.cores = cores
        self.port = free_port()

    @property
    def redis(self) -> Path:
        return self.shop.places.redis_socket

    @property
    @abstractmethod
    def door(self) -> Door: ...

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def publish_command(self) -> list[str]: ...

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    @contextmanager
    def serving(self) -> Iterator[int]:
        """The server for the duration of the block; gives its process id."""
        log = prepare.cache() / f"{self.name}.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                self.command(),
                env=self.environment(),
                cwd=self.folder(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=machine.on(self.cores.server),
            )
        try:
            machine.until(
                lambda: process.poll() is not None or self._answers(process.pid),
                f"{self.name} did not listen",
                READY_SECONDS,
            )
            if process.poll() is not None:
                raise RuntimeError(f"{self.name} ended at once: {log.read_text()[-2000:]}")
            yield process.pid
        finally:
            machine.end(process)

    def folder(self) -> Path | None:
        return None

    def _answers(self, pid: int) -> bool:
        connections = psutil.Process(pid).net_connections("tcp")
        return any(
            c.status == psutil.CONN_LISTEN and c.laddr.port == self.port for c in connections
        )

    def publisher(self) -> Publisher:
        # Ours commits a transaction for each event: a slow disk shall not set the rate. The server's
        # own settings stay as they are.
        environment = {**self.environment(), "PGOPTIONS": "-c synchronous_commit=off"}
        return Publisher(self.publish_command(), environment, self.cores)


class Ours(Contender):
    """`manage.py serve` with its hub; events go by the journal of the room."""

    name = "ours"

    def __init__(
        self,
        tools: Tools,
        shop: Shop,
        cores: machine.Cores,
        *,
        server: str = "uvicorn",
        with_page: bool = False,
    ) -> None:
        super().__init__(tools, shop, cores)
        self.port = shop.port
        self.server = server
        self.with_page = with_page
        self.room: Room = shop.open_room()

    @property
    def page(self) -> str:
        return f"/rooms/{self.room.slug}/"

    @property
    def door(self) -> Door:
        page = self.page if self.with_page else ""
        return Door(self.port, f"/ws/rooms/{self.room.id}/", welcome='"t":"welcome"', page=page)

    def command(self) -> list[str]:
        return self.shop.serve_command(self.server)

    def publish_command(self) -> list[str]:
        return [sys.executable, str(HERE / "publish_shop.py"), str(self.room.id)]

    def environment(self) -> dict[str, str]:
        return self.shop.environment


class ChannelsDaphne(Contender):
    """The tutorial's consumer on the core layer of channels_redis, served by Daphne."""

    name = "channels_daphne"
    start_frames = 1_000

    def __init__(
        self, tools: Tools, shop: Shop, cores: machine.Cores, *, pages: Path | None = None
    ) -> None:
        super().__init__(tools, shop, cores)
        self.pages = pages

    @property
    def door(self) -> Door:
        page = f"/rooms/{GROUP}/" if self.pages else ""
        return Door(self.port, f"/ws/rooms/{GROUP}/", page=page)

    def command(self) -> list[str]:
        return [str(self.tools.python), "-m", "daphne", "-b", "127.0.0.1", "-p", str(self.port),
                # Many come at once; the default of 5 s would turn some of them away.
                "--websocket_connect_timeout", "60", "-v", "0", "asgi:application"]  # fmt: skip

    def folder(self) -> Path:
        return HERE / "site"

    def publish_command(self) -> list[str]:
        return [str(self.tools.python), str(HERE / "site" / "publish.py"), GROUP]

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
        return {
            **kept,
            "PEER_REDIS_URL": f"unix://{self.redis}?db=1",
            **({"PEER_PAGES": str(self.pages)} if self.pages else {}),
        }

    def take_page_of(self, ours: Ours) -> int:
        """Make a template and a snapshot of our page, so that both send the same; returns its bytes.

        Everything of our page but the snapshot becomes the template's text, so the peer renders less.
        """
        assert self.pages
        answer = httpx.get(f"http://127.0.0.1:{ours.port}{ours.page}")
        answer.raise_for_status()
        html = answer.text
        opening = html.index("<script", html.index('id="room-snapshot"') - 200)
        start = html.index(">", html.index('id="room-snapshot"')) + 1
        end = html.index("</script>", start)
        (self.pages / "snapshot.json").write_text(html[start:end])
        (self.pages / "room.html").write_text(
            "{% verbatim %}" + html[:opening] + "{% endverbatim %}"
            '{{ snapshot|json_script:"room-snapshot" }}'
            "{% verbatim %}" + html[end + len("</script>") :] + "{% endverbatim %}"
        )
        return len(html.encode())


class OnRedis(Contender):
    """A peer fed by a plain Redis channel."""

    def publish_command(self) -> list[str]:
        url = f"unix://{self.redis}"
        return [sys.executable, str(HERE / "publish_redis.py"), url, CHANNEL]

    @property
    def door(self) -> Door:
        return Door(self.port, "/")


class Ws(OnRedis):
    """`ws` on Node, unbatched."""

    name = "ws"

    def command(self) -> list[str]:
        program = f"{self.tools.node_modules}/ws.mjs"
        return [str(self.tools.node), program, str(self.port), str(self.redis), CHANNEL]


class SendLimit(OnRedis):
    """A C loop over `send()`; `tick_ms` is set to ours before each start."""

    name = "send_limit"
    tick_ms = 100

    def command(self) -> list[str]:
        return [str(self.tools.send_limit), "--port", str(self.port), "--redis", str(self.redis),
                "--channel", CHANNEL, "--tick", str(self.tick_ms)]  # fmt: skip


class SocketIO(Contender):
    """Socket.IO with the Redis adapter, published to by its Redis emitter."""

    name = "socketio"

    @property
    def door(self) -> Door:
        return Door(self.port, "/socket.io/?EIO=4&transport=websocket", protocol="socketio")

    def command(self) -> list[str]:
        program = f"{self.tools.node_modules}/socketio.mjs"
        return [str(self.tools.node), program, str(self.port), str(self.redis)]

    def publish_command(self) -> list[str]:
        program = f"{self.tools.node_modules}/publish.mjs"
        return [str(self.tools.node), program, str(self.redis)]
