"""The loop behind `manage.py up`."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from core import metrics
from liveshop import embedded
from liveshop.supervision.children import Child, Program

STOP_SECONDS = 6.0
TEND_SECONDS = 0.2
SERVICE_CHECK_SECONDS = 2.0


class Supervisor:
    """Runs programs until SIGTERM or Ctrl-C; restarts what dies, the embedded services too."""

    def __init__(self, *, data: Path, places: embedded.Places, say: Callable[[str], None]) -> None:
        self.data = data
        self.places = places
        self.say = say
        self.children: list[Child] = []
        self.stopping = threading.Event()
        self._next_service_check = 0.0

    def listen_for_stop(self) -> None:
        """From here on SIGTERM, SIGINT and SIGHUP mean a clean end."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stopping.set()

    def start(self, program: Program) -> Child:
        child = Child(program)
        child.start()
        self.children.append(child)
        return child

    def run(self) -> None:
        """Tend until told to stop."""
        while self.turn():
            pass

    def turn(self) -> bool:
        """Wait a moment, bring back what has died; False when it is time to stop."""
        if self.stopping.wait(TEND_SECONDS):
            return False
        for child in self.children:
            if news := child.tend():
                self.say(news)
                metrics.forget(child.last_pid)
        if time.monotonic() >= self._next_service_check:
            try:
                embedded.ensure(self.places)
            except embedded.EmbeddedError as error:
                self.say(str(error))
            self._next_service_check = time.monotonic() + SERVICE_CHECK_SECONDS
        return True

    def stop(self) -> None:
        """End every child, the youngest first; whoever does not go in time is killed."""
        for child in reversed(self.children):
            child.ask_to_end()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children:
            if not child.wait(deadline):
                self.say(f"{child.program.name} did not end in time; killed")
                child.kill()
                child.wait(time.monotonic() + 1)


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the data directory's supervisor lock. Raises EmbeddedError naming the other's process id."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise embedded.EmbeddedError(
                f"Liveshop already runs on {data} (process {lock.read().strip() or 'unknown'}): "
                "stop it, or set LIVESHOP_DATA to another folder and PORT to another port."
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield
        with suppress(OSError):
            lock.truncate(0)
