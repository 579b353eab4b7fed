"""Where purchases of the same SKU meet: one queue and one committing thread in each process.

The first one is committed at once; those that arrive meanwhile are the next batch. So a lone
purchase waits for nobody, and the busier a SKU is, the more purchases share a commit.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future

from django.db import connection

from orders.checkout import batch
from orders.checkout.answers import Ask, Kind, Outcome, Refused, busy

log = logging.getLogger(__name__)

MOST_TOGETHER = 256
# Purchases that wait in this process; past it the answer is `busy`, at once.
MOST_WAITING = 4096

Waiting = tuple[Ask, "Future[Outcome]"]


class Queue:
    """Purchases that wait, by SKU; those of one SKU in the order of arrival. Thread-safe."""

    def __init__(self, commit: Callable[[list[Ask]], list[Outcome]]) -> None:
        self._commit = commit
        self._waiting: OrderedDict[Kind, deque[Waiting]] = OrderedDict()
        self._count = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def submit(self, ask: Ask) -> Future[Outcome]:
        """Wait for the next batch; the future is done after the commit, in the committing thread.

        It fails with what the database said when nobody knows how it went.
        """
        future: Future[Outcome] = Future()
        with self._changed:
            if self._count >= MOST_WAITING:
                future.set_result(Refused(busy))
                return future
            self._waiting.setdefault(ask.kind, deque()).append((ask, future))
            self._count += 1
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="checkout", daemon=True)
                self._thread.start()
            self._changed.notify()
        return future

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    # The connection goes back to the pool while nobody buys.
                    connection.close()
                while not self._waiting:
                    self._changed.wait()
                taken = self._take()
            self._settle(taken)

    def _take(self) -> list[Waiting]:
        """The first of the SKU whose turn it is; what it leaves goes to the end of the round."""
        kind, rows = self._waiting.popitem(last=False)
        taken = [rows.popleft() for _ in range(min(len(rows), MOST_TOGETHER))]
        if rows:
            self._waiting[kind] = rows
        self._count -= len(taken)
        return taken

    def _settle(self, taken: list[Waiting]) -> None:
        try:
            connection.close_if_unusable_or_obsolete()
            outcomes = self._commit([ask for ask, _future in taken])
        except Exception as error:
            log.warning("a batch of purchases failed", exc_info=True)
            connection.close()
            for _ask, future in taken:
                future.set_exception(error)
            return
        for (_ask, future), outcome in zip(taken, outcomes, strict=True):
            future.set_result(outcome)


_queue = Queue(batch.commit)


def submit(ask: Ask) -> Future[Outcome]:
    """As `Queue.submit`, in this process's queue."""
    return _queue.submit(ask)


def place(ask: Ask) -> Outcome:
    """Wait for the outcome. Inside a transaction it is decided in that one, alone."""
    if connection.in_atomic_block:
        return batch.commit([ask])[0]
    return submit(ask).result()
