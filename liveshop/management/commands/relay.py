"""Delivers outbox events to their handlers, within milliseconds of the commit."""

from __future__ import annotations

import logging
import signal
import threading
import time
from typing import Any

import psycopg
import redis
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection

from core import events, health

log = logging.getLogger(__name__)
IDLE_SECONDS = 1.0
HEARTBEAT_SECONDS = 5.0


class Command(BaseCommand):
    help = "Deliver outbox events to their handlers (run one or more)."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        last_beat = 0.0
        while not stop.is_set():
            try:
                if time.monotonic() - last_beat > HEARTBEAT_SECONDS:
                    last_beat = time.monotonic()
                    _beat()
                if not events.deliver_due():
                    _wait_for_news()
            except (DatabaseError, psycopg.Error):
                log.warning("relay: database away, trying again", exc_info=True)
                connection.close()
                stop.wait(1)


def _wait_for_news() -> None:
    """Sleep until a commit announces an event, at most a second: retries become due by themselves."""
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    raw.execute(f"LISTEN {events.CHANNEL}")
    for _ in raw.notifies(timeout=IDLE_SECONDS, stop_after=1):
        pass


def _beat() -> None:
    try:
        health.beat("relay")
    except redis.RedisError:
        log.warning("relay: Redis away")
