"""One supervised process: start, restart with growing pauses, end."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field

PR_SET_PDEATHSIG = 1
# A process that lived this long was healthy; its next restart is immediate again.
HEALTHY_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 10.0


@dataclass(frozen=True)
class Program:
    """What to run. `descriptors`: open files of ours that it inherits under the same numbers."""

    name: str
    arguments: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    descriptors: tuple[int, ...] = ()


def die_with_parent() -> None:
    """Ask Linux to end this process when the supervisor dies, even by kill -9."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """A running `Program` that comes back when it ends by itself."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.restarts = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._resume_at = 0.0
        self._pause = 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def last_pid(self) -> int:
        """Process id of the last start, whether it still lives or not; 0 before the first."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        self._started_at = time.monotonic()
        self._process = subprocess.Popen(
            self.program.arguments,
            env={**os.environ, **self.program.environment, "LIVESHOP_SUPERVISED": "1"},
            stdin=subprocess.DEVNULL,
            # Its own group: Ctrl-C reaches the supervisor alone, which ends children in order.
            start_new_session=True,
            preexec_fn=die_with_parent,
            pass_fds=self.program.descriptors,
        )

    def tend(self) -> str | None:
        """Restart when dead and due; returns a line worth telling, if any."""
        if self._process is None or self._process.poll() is None:
            return None
        now = time.monotonic()
        if not self._resume_at:
            lived = now - self._started_at
            self._pause = (
                0.0
                if lived > HEALTHY_SECONDS
                else min(LONGEST_PAUSE_SECONDS, max(0.2, 2 * self._pause))
            )
            self._resume_at = now + self._pause
            return (
                f"{self.program.name} ended with status {self._process.returncode}; "
                f"starting it again in {self._pause:.1f} s"
            )
        if now >= self._resume_at:
            self._resume_at = 0.0
            self.restarts += 1
            self.start()
        return None

    def ask_to_end(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def wait(self, deadline: float) -> bool:
        """Whether it is gone by `deadline` (monotonic seconds)."""
        if self._process is None:
            return True
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        return True

    def _signal(self, number: int) -> None:
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)
