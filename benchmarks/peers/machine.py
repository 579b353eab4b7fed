"""The machine that is measured on: cores, open files, and what a process has used."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from liveshop.supervision.children import die_with_parent

PRIORITY = -10


@dataclass(frozen=True)
class Cores:
    """`server` is for the measured server alone; clients, Redis and publishers share the rest."""

    server: frozenset[int]
    others: frozenset[int]

    @classmethod
    def split(cls) -> Cores:
        """The lowest core for the server. On a machine with one core all share it."""
        usable = sorted(os.sched_getaffinity(0))
        if len(usable) == 1:
            return cls(frozenset(usable), frozenset(usable))
        return cls(frozenset(usable[:1]), frozenset(usable[1:]))

    @property
    def apart(self) -> bool:
        return self.server != self.others


def on(cores: frozenset[int]) -> Callable[[], None]:
    """For `preexec_fn`: run on these cores, and end when the benchmark does."""

    def settle() -> None:
        os.sched_setaffinity(0, cores)
        die_with_parent()

    return settle


def end_in_order() -> None:
    """SIGTERM ends this process as Ctrl-C does, so that it takes everything it started with it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def take_priority() -> None:
    """Before other work of this machine, where we may: a publisher that starves measures nothing."""
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)


def raise_open_files(wanted: int) -> None:
    """Let this process and its children open `wanted` files. Exits with advice when it may not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard not in (resource.RLIM_INFINITY,) and hard < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
        except (ValueError, PermissionError):
            sys.exit(
                f"benchmark: needs {wanted} open files a process, the hard limit here is {hard}: "
                f"run `ulimit -Hn {wanted}` as root first, or raise nofile in "
                "/etc/security/limits.conf (systemd: LimitNOFILE=), or ask for fewer --viewers."
            )
    elif soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def cpu_seconds(pid: int) -> float:
    """CPU that all threads of the process have used; from the scheduler where it tells."""
    try:
        spent = sum(
            int(Path(thread, "schedstat").read_text().split()[0])
            for thread in Path(f"/proc/{pid}/task").iterdir()
        )
        if spent:
            return spent / 1e9
    except OSError:
        pass
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def resident_bytes(pid: int) -> int:
    return int(psutil.Process(pid).memory_info().rss)


def end(process: subprocess.Popen[str] | subprocess.Popen[bytes], patience: float = 10) -> None:
    """Ask it to stop, then make it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def until(ready: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait for `ready`. Raises TimeoutError naming `what`."""
    give_up = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > give_up:
            raise TimeoutError(f"{what} after {seconds:.0f} s")
        time.sleep(0.05)
