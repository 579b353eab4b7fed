"""Writes closed segments on one thread, so that a slow or full disk never holds up the picture."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from streaming.origin.journal import DiskLow, Journal, SegmentRecord, SessionRecord

log = logging.getLogger(__name__)

# What may wait for a slow disk, over all streams; more is left out of the recordings.
BACKLOG_BYTES: Final = 128 * 1024 * 1024

Failed = Callable[[bool], None]


class Recorder:
    """One for each origin. `failed(bool)` is called on the loop after each attempt."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recorder")
        self._waiting = 0

    def segment(
        self, journal: Journal, record: SegmentRecord, data: bytes, opened: bool, failed: Failed
    ) -> None:
        self._submit(
            journal,
            len(data),
            lambda: journal.write_segment(record, data, still_open=opened),
            failed,
        )

    def session(self, journal: Journal, record: SessionRecord, init: bytes, failed: Failed) -> None:
        self._submit(journal, len(init), lambda: journal.write_session(record, init), failed)

    def release(self, journal: Journal) -> None:
        """Give up the stream's lock after everything before is written."""
        self._thread.submit(journal.release)

    async def flushed(self) -> None:
        """Return when everything before is written."""
        await asyncio.wrap_future(self._thread.submit(lambda: None))

    def close(self) -> None:
        """Finish what waits. Blocks."""
        self._thread.shutdown(wait=True)

    def _submit(
        self, journal: Journal, size: int, work: Callable[[], None], failed: Failed
    ) -> None:
        if self._waiting + size > BACKLOG_BYTES:
            log.error("recording: the disk is too slow, a segment is lost (%s)", journal.folder)
            failed(True)
            return
        self._waiting += size
        loop = asyncio.get_running_loop()

        def done(future: Future[None]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._settle, journal, size, future, failed)

        self._thread.submit(work).add_done_callback(done)

    def _settle(self, journal: Journal, size: int, future: Future[None], failed: Failed) -> None:
        self._waiting -= size
        error = future.exception()
        if isinstance(error, DiskLow):
            log.error("recording: %s", error)
        elif error is not None:
            log.error("recording: cannot write in %s: %r", journal.folder, error)
        failed(error is not None)
