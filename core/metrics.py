"""What `/metrics` tells: the counters of the ground floor, and how several processes are read as one.

The relay, the worker and the server count in memory of their own. With PROMETHEUS_MULTIPROC_DIR set
(`manage.py up` does it), each also keeps its counts in a small mapped file of that folder, and
whoever is asked adds them up; without it, a process tells only what it counted itself.
"""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"

DELIVERED = Counter("liveshop_outbox_delivered", "Outbox events that all their handlers applied")
FAILED = Counter("liveshop_outbox_failures", "Handlers that failed, to be tried again", ["topic"])


def exposition(*extra: Collector) -> bytes:
    """All metrics of this machine, and those of `extra`, in Prometheus' text format."""
    registry = CollectorRegistry()
    if os.environ.get(FOLDER):
        # Mapped values can only be read by the collector that adds them up.
        MultiProcessCollector(registry)
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
    else:
        registry.register(REGISTRY)
    for collector in extra:
        registry.register(collector)
    return generate_latest(registry)


def share(folder: Path) -> None:
    """Let the processes started from here on count together, from zero, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("*.db"):
        left.unlink()
    os.environ[FOLDER] = str(folder)


def forget(pid: int) -> None:
    """A process has died: what it had open no longer counts. What it has done still does."""
    if folder := os.environ.get(FOLDER):
        mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
