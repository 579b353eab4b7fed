"""The crowd: the C load client, and what it has seen."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from benchmarks.peers import machine


@dataclass(frozen=True)
class Door:
    """Where viewers come in. `welcome`: text of the frame with which a viewer has joined; without
    one that is the answer to the handshake. `page`: what a viewer fetches first. `%d` in the path is a
    room's number: viewers take `rooms` of them from `first` on in turns."""

    port: int
    path: str
    protocol: str = "plain"
    welcome: str = ""
    page: str = ""
    rooms: int = 1
    first: int = 1


class Crowd:
    """`viewers` connections held by one process; a context manager that lets them go."""

    def __init__(
        self,
        program: Path,
        door: Door,
        viewers: int,
        cores: machine.Cores,
        *,
        inflight: int = 200,
    ) -> None:
        self.viewers = viewers
        arguments = {
            "port": door.port,
            "path": door.path,
            "protocol": door.protocol,
            "viewers": viewers,
            "inflight": inflight,
            "rooms": door.rooms,
            "first": door.first,
            "origin": f"http://127.0.0.1:{door.port}",
        }
        if door.welcome:
            arguments["welcome"] = door.welcome
        if door.page:
            arguments["page"] = door.page
        self._process = subprocess.Popen(
            [str(program), *(f for k, v in arguments.items() for f in (f"--{k}", str(v)))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=machine.on(cores.others),
        )

    def wait_until_joined(self, seconds: float = 120) -> dict[str, Any]:
        """The report once everybody has joined or was refused."""
        report: dict[str, Any] = {}

        def everybody() -> bool:
            report.update(self.report())
            return bool(report["joined"] + report["refused"] == self.viewers)

        machine.until(everybody, "the crowd had not joined", seconds)
        return report

    def mark(self) -> None:
        """Begin a window; the next report counts messages, frames and latencies from here."""
        self._tell("mark")

    def report(self) -> dict[str, Any]:
        self._tell("report")
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError("the load client has ended")
        return dict(json.loads(line))

    def _tell(self, word: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        machine.end(self._process)


class Publisher:
    """A process that publishes at a rate until told to stop."""

    def __init__(
        self, command: list[str], environment: dict[str, str], cores: machine.Cores
    ) -> None:
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=machine.on(cores.others),
        )
        self._hear()

    def go(self, rate: float) -> None:
        self._tell(f"go {rate}")

    def stop(self) -> dict[str, Any]:
        """{"first", "last": numbers of its messages, "behind_ms": how late the latest was}."""
        self._tell("stop")
        return self._hear()

    def _tell(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError("the publisher has ended; its messages are above")
        return dict(json.loads(line))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        machine.end(self._process)
