"""Payments of orders whose buyers have their answer: started in the background, purchases first.

A burst of orders is answered before its payments begin, but none waits longer than `PATIENCE`.
What a killed process leaves is started by `repair_payments`, under the same key.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Generic, TypeVar

from django.db import connection

log = logging.getLogger(__name__)

THREADS = 4
PATIENCE = 5.0
PAUSE = 0.02

T = TypeVar("T")


class Background(Generic[T]):
    """Calls `work` for each number given, in a few threads, when nobody is `crowded` out by it."""

    def __init__(self, work: Callable[[int], T], crowded: Callable[[], bool]) -> None:
        self._work = work
        self._crowded = crowded
        self._due: SimpleQueue[tuple[float, int, Future[T]]] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._open = 0
        self._fewer = threading.Condition()

    def submit(self, number: int) -> Future[T]:
        """The future is done in the working thread, or failed with what `work` raised."""
        future: Future[T] = Future()
        with self._fewer:
            self._open += 1
        future.add_done_callback(self._closed)
        self._due.put((time.monotonic() + PATIENCE, number, future))
        if self._threads < THREADS:
            self._start()
        return future

    def _closed(self, _done: Future[T]) -> None:
        with self._fewer:
            self._open -= 1
            self._fewer.notify_all()

    def wait(self, seconds: float) -> bool:
        """Whether all that was given is done, or will be within `seconds`."""
        with self._fewer:
            return self._fewer.wait_for(lambda: not self._open, seconds)

    def _start(self) -> None:
        with self._lock:
            if self._threads < THREADS:
                self._threads += 1
                threading.Thread(target=self._run, name="payments", daemon=True).start()

    def _run(self) -> None:
        while True:
            if self._due.empty():
                connection.close()
            patience_ends, number, future = self._due.get()
            while self._crowded() and time.monotonic() < patience_ends:
                time.sleep(PAUSE)
            if not future.set_running_or_notify_cancel():
                continue
            try:
                connection.close_if_unusable_or_obsolete()
                done = self._work(number)
            except Exception as error:
                log.warning("a payment was not started", exc_info=True)
                connection.close()
                future.set_exception(error)
            else:
                future.set_result(done)
