"""From committing threads to the event loop: one wake-up for all that was decided together."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

log = logging.getLogger(__name__)


class Handover:
    """Calls back on the loop that asked. Waking it for each future would cost more than the answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._finished: dict[asyncio.AbstractEventLoop, list[Callable[[], None]]] = {}

    def when_done(self, future: Future[Any], then: Callable[[Future[Any]], None]) -> None:
        """Call `then` with the finished future on the running loop."""
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda done: self._hand_over(loop, lambda: then(done)))

    def _hand_over(self, loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
        """Runs in whichever thread finished it."""
        with self._lock:
            if loop in self._finished:
                self._finished[loop].append(call)
                return
            self._finished[loop] = [call]
        try:
            loop.call_soon_threadsafe(self._call, loop)
        except RuntimeError:
            # The server has closed its loop; the answer is found by its key.
            with self._lock:
                self._finished.pop(loop, None)

    def _call(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            calls = self._finished.pop(loop)
        for call in calls:
            try:
                call()
            except Exception:
                log.exception("an answer was not handed over")
