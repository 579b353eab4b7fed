"""The whole product in processes of its own, for tests that kill, restart or drive it by browser."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import httpx
import psutil

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 90
STOP_SECONDS = 30


class Stack:
    """`manage.py up` on a data directory and a port of its own, `niceness` steps behind us."""

    def __init__(
        self, data: Path, *, demo: bool = False, niceness: int = 0, **environment: str
    ) -> None:
        self.data = data
        self.niceness = niceness
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.demo = demo
        self.log = data / "up.log"
        self.environment = {
            **{k: v for k, v in os.environ.items() if k not in {"DJANGO_SETTINGS_MODULE"}},
            "LIVESHOP_ENV": "development",
            "LIVESHOP_DATA": str(data),
            "PORT": str(self.port),
            "BASE_URL": self.base_url,
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None

    def start(self) -> Stack:
        self._output = self.log.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "up", *(["--demo"] if self.demo else [])],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,
            preexec_fn=partial(os.nice, self.niceness),
        )
        self.wait_until_ready()
        return self

    def wait_until_ready(self) -> None:
        give_up = time.monotonic() + READY_SECONDS
        last = "no answer"
        while time.monotonic() < give_up:
            if self.process and self.process.poll() is not None:
                break
            try:
                answer = httpx.get(f"{self.base_url}/readyz", timeout=2)
                if answer.status_code == 200:
                    return
                last = answer.text
            except httpx.HTTPError as error:
                last = repr(error)
            time.sleep(0.2)
        raise AssertionError(f"the stack is not ready: {last}\n{self.log.read_text()[-4000:]}")

    def stop(self) -> float:
        """End it as Ctrl-C would; returns the seconds that took."""
        if self.process is None:
            return 0.0
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self._output:
            self._output.close()
        return time.monotonic() - began

    def pids(self, word: str) -> list[int]:
        """Processes of this stack whose command line has `word`."""
        return [child.pid for child in self._children() if word in " ".join(_cmdline(child))]

    def kill9(self, word: str) -> None:
        """Kill -9 the supervised programs whose command line has `word`; the supervisor restarts them."""
        found = self.pids(word)
        assert found, f"no process with {word!r} to kill"
        for pid in found:
            os.kill(pid, signal.SIGKILL)

    def everything(self) -> list[psutil.Process]:
        """All processes that name this stack's data directory or descend from its supervisor."""
        mine = {child.pid: child for child in self._children()}
        for process in psutil.process_iter():
            if str(self.data) in " ".join(_cmdline(process)):
                mine[process.pid] = process
        return list(mine.values())

    def leftovers(self, seconds: float = 10) -> list[psutil.Process]:
        """What is still there after a while: a process needs a moment to be gone."""
        give_up = time.monotonic() + seconds
        while (left := self.everything()) and time.monotonic() < give_up:
            time.sleep(0.2)
        return left

    def _children(self) -> list[psutil.Process]:
        if self.process is None:
            return []
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def manage(self, *arguments: str, text: str | None = None) -> str:
        """Run a management command against this stack; returns its output."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env={**self.environment, "LIVESHOP_SUPERVISED": "1"},
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def shell(self, code: str) -> str:
        """Run Python inside the product's Django; returns what it printed."""
        return self.manage("shell", "--no-imports", "-c", code)

    def __enter__(self) -> Stack:
        return self.start()

    def __exit__(self, *_: Any) -> None:
        self.stop()


@contextmanager
def taken_port() -> Any:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _cmdline(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []
