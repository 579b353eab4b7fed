"""Where purchases of the same SKU meet: one queue and a few committing threads in each process.

The first one is committed at once; those that arrive meanwhile are the next batch. So a lone
purchase waits for nobody, and the busier a SKU is, the more purchases share a commit. Each SKU is in
one thread's hands at a time; the threads let a SKU go on while another waits for the disk or a lock.
"""

from __future__ import annotations

import logging
import threading
import time
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
# SKUs that this process commits at the same time.
LANES = 3
# Between two batches of a crowd nobody may be waiting.
MOMENT = 0.1

Waiting = tuple[Ask, "Future[Outcome]"]


class Queue:
    """Purchases that wait, by SKU; those of one SKU in the order of arrival. Thread-safe."""

    def __init__(self, commit: Callable[[list[Ask]], list[Outcome]]) -> None:
        self._commit = commit
        self._waiting: OrderedDict[Kind, deque[Waiting]] = OrderedDict()
        self._count = 0
        self._changed = threading.Condition()
        # SKUs that a lane is committing.
        self._taken: set[Kind] = set()
        self._lanes = 0
        self._resting = 0
        self._busy_at = 0.0

    @property
    def crowded(self) -> bool:
        """Whether anybody waits for an answer, or did a moment ago."""
        return bool(self._taken or self._count) or time.monotonic() < self._busy_at + MOMENT

    def submit(self, ask: Ask) -> Future[Outcome]:
        """Wait for the next batch; the future is done after the commit, in the committing thread.

        It fails with what the database said when nobody knows how it went. Who cancels it before
        its batch begins has not bought; afterwards it can no longer be cancelled.
        """
        future: Future[Outcome] = Future()
        with self._changed:
            if self._count >= MOST_WAITING:
                future.set_result(Refused(busy))
                return future
            self._waiting.setdefault(ask.kind, deque()).append((ask, future))
            self._count += 1
            if ask.kind not in self._taken:
                self._wake()
        return future

    def _wake(self) -> None:
        if self._resting:
            self._changed.notify()
        elif self._lanes < LANES:
            self._lanes += 1
            threading.Thread(target=self._run, name="checkout", daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._changed:
                found = self._take()
            if found is None:
                # The connection goes back to the pool while nobody buys.
                connection.close()
                found = self._rest()
            kind, taken = found
            try:
                self._settle([one for one in taken if one[1].set_running_or_notify_cancel()])
            finally:
                with self._changed:
                    self._taken.discard(kind)
                    if len(taken) > 1:
                        self._busy_at = time.monotonic()

    def _rest(self) -> tuple[Kind, list[Waiting]]:
        with self._changed:
            while (found := self._take()) is None:
                self._resting += 1
                self._changed.wait()
                self._resting -= 1
            return found

    def _take(self) -> tuple[Kind, list[Waiting]] | None:
        """The first of the SKU whose turn it is; what it leaves goes to the end of the round."""
        kind = next((kind for kind in self._waiting if kind not in self._taken), None)
        if kind is None:
            return None
        rows = self._waiting.pop(kind)
        taken = [rows.popleft() for _ in range(min(len(rows), MOST_TOGETHER))]
        if rows:
            self._waiting[kind] = rows
        self._count -= len(taken)
        self._taken.add(kind)
        return kind, taken

    def _settle(self, taken: list[Waiting]) -> None:
        if not taken:
            return
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


def crowded() -> bool:
    """As `Queue.crowded`, of this process's queue."""
    return _queue.crowded


def place(ask: Ask) -> Outcome:
    """Wait for the outcome. Inside a transaction it is decided in that one, alone."""
    if connection.in_atomic_block:
        return batch.commit([ask])[0]
    return submit(ask).result()
