"""The streams that this process holds: loaded when asked for, watched, and let go when idle."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, time
from typing import Final

from streaming.origin import journal as disk
from streaming.origin.answers import Refused
from streaming.origin.facts import Desk, Facts
from streaming.origin.journal import (
    Journal,
    OwnedElsewhere,
    Recording,
    SegmentRecord,
    SessionRecord,
)
from streaming.origin.limits import (
    BYTES_BURST,
    BYTES_PER_SECOND,
    PARTS_BURST,
    PARTS_PER_SECOND,
    STILLS_BURST,
    STILLS_PER_SECOND,
    Bucket,
)
from streaming.origin.live import AWAY_SECONDS, LiveStream
from streaming.origin.metrics import LIVE, LOADED, UNRECORDED
from streaming.origin.recorder import Recorder

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 0.5
ALIVE_SECONDS: Final = 5.0
IDLE_SECONDS: Final = 120.0
KEEP_FREE_BYTES: Final = 512 * 1024 * 1024
RETRY = [(b"retry-after", b"1")]


@dataclass(slots=True)
class Tenant:
    """A loaded stream with its journal (None when it is over: then the files are only read)."""

    stream: LiveStream
    folder: Path
    journal: Journal | None
    used_at: float = field(default_factory=monotonic)
    parts: Bucket = field(default_factory=lambda: Bucket(PARTS_BURST, PARTS_PER_SECOND))
    volume: Bucket = field(default_factory=lambda: Bucket(BYTES_BURST, BYTES_PER_SECOND))
    stills: Bucket = field(default_factory=lambda: Bucket(STILLS_BURST, STILLS_PER_SECOND))
    # A session whose init the disk refused; without it its segments cannot be played again.
    unsaved: tuple[SessionRecord, bytes] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What there is of a stream before it is loaded."""

    facts: Facts
    journal: Journal | None
    recording: Recording
    inits: dict[int, bytes]


class House:
    """Lives on one event loop."""

    def __init__(self, *, folder: Path, desk: Desk, idle_seconds: float, keep_free: int) -> None:
        self.folder = folder
        self.desk = desk
        self.idle_seconds = idle_seconds
        self.keep_free = keep_free
        self.loop = asyncio.get_running_loop()
        self.tenants: dict[str, Tenant] = {}
        self.recorder = Recorder()
        self.threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="origin")
        self._loading: dict[str, asyncio.Task[Tenant]] = {}
        # What changed while a stream was being loaded.
        self._newer: dict[str, Facts] = {}
        self._alive_at = 0.0
        self._watch = self.loop.create_task(self._watch_over())
        desk.listen(self._on_change, lambda: [*self.tenants, *self._loading])

    # Coming in --------------------------------------------------------------------------------

    async def tenant(self, key: str) -> Tenant:
        """The stream, loaded once however many ask. Raises Refused."""
        tenant = self.tenants.get(key)
        if tenant is None:
            task = self._loading.get(key)
            if task is None:
                task = self._loading[key] = self.loop.create_task(self._load(key))
                task.add_done_callback(lambda _: self._loaded(key))
            tenant = await asyncio.shield(task)
        tenant.used_at = monotonic()
        return tenant

    def _loaded(self, key: str) -> None:
        del self._loading[key]
        if newer := self._newer.pop(key, None):
            self.apply(key, newer)

    async def _load(self, key: str) -> Tenant:
        try:
            # An eviction of a moment ago may still be giving the lock back.
            await self.recorder.flushed()
            found = await self.loop.run_in_executor(self.threads, self._read, key)
        except Refused:
            raise
        except OwnedElsewhere as error:
            log.error("origin: %s", error)
            raise Refused("owned_elsewhere", headers=RETRY) from error
        except Exception as error:
            log.exception("origin: cannot load stream %s", key)
            raise Refused("busy", headers=RETRY) from error
        stream = LiveStream(
            key,
            facts=found.facts,
            recording=found.recording,
            inits=found.inits,
            save=lambda record, data, opened: self._save(key, record, data, opened),
            save_session=lambda record, init: self._save_session(key, record, init),
        )
        stream.last_part_at = time()
        tenant = self.tenants[key] = Tenant(stream, self.folder / key, found.journal)
        return tenant

    def _read(self, key: str) -> Found:
        """On a thread: what Django and the disk know of the stream."""
        facts = self.desk.facts(key)
        if facts is None:
            raise Refused("not_found")
        folder = self.folder / key
        if facts.state == "ENDED":
            return Found(facts, None, disk.read(folder), {})
        journal = Journal(folder, keep_free=self.keep_free)
        recording = journal.acquire()
        inits = {}
        if recording.sessions:
            number = recording.sessions[-1].init
            try:
                inits[number] = (folder / f"init-{number}.mp4").read_bytes()
            except OSError:
                log.exception("origin: the session of %s cannot go on", key)
        return Found(facts, journal, recording, inits)

    # Recording --------------------------------------------------------------------------------

    def _save(self, key: str, record: SegmentRecord, data: bytes, opened: bool) -> None:
        tenant = self.tenants.get(key)
        if tenant is None or tenant.journal is None:
            return
        if tenant.unsaved is not None:
            self._save_session(key, *tenant.unsaved)
        stream = tenant.stream

        def settle(failed: bool) -> None:
            stream.recording_failed = failed
            if failed:
                UNRECORDED.inc()
                if record in stream.recording.segments:
                    stream.recording.segments.remove(record)

        self.recorder.segment(tenant.journal, record, data, opened, settle)

    def _save_session(self, key: str, record: SessionRecord, init: bytes) -> None:
        tenant = self.tenants.get(key)
        if tenant is None or tenant.journal is None:
            return
        tenant.unsaved = None

        def settle(failed: bool) -> None:
            tenant.stream.recording_failed = failed
            if failed:
                tenant.unsaved = (record, init)

        self.recorder.session(tenant.journal, record, init, settle)

    # Watching ---------------------------------------------------------------------------------

    async def _watch_over(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                self._tick()
            except Exception:
                log.exception("origin: the watch stumbled")

    def _tick(self) -> None:
        now, wall = monotonic(), time()
        for key, tenant in list(self.tenants.items()):
            stream = tenant.stream
            if stream.state == "LIVE" and wall - stream.last_part_at > AWAY_SECONDS:
                self.off_air(tenant)
            if stream.state != "LIVE" and now - tenant.used_at > self.idle_seconds:
                self._let_go(key)
        LOADED.set(len(self.tenants))
        LIVE.set(sum(t.stream.state == "LIVE" for t in self.tenants.values()))
        if now - self._alive_at >= ALIVE_SECONDS:
            self._alive_at = now
            recorded = {
                key: round(1000 * tenant.stream.recording.duration)
                for key, tenant in self.tenants.items()
                if tenant.stream.state == "LIVE"
            }
            if recorded:
                self.desk.alive(recorded)

    def on_air(self, tenant: Tenant) -> None:
        if tenant.stream.state != "LIVE":
            tenant.stream.state = "LIVE"
            self.desk.on_air(tenant.stream.key)

    def off_air(self, tenant: Tenant) -> None:
        if tenant.stream.state == "LIVE":
            tenant.stream.state = "AWAY"
            self.desk.off_air(tenant.stream.key)

    def _on_change(self, key: str, facts: Facts) -> None:
        """Called by the desk from its thread."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.apply, key, facts)

    def apply(self, key: str, facts: Facts) -> None:
        """Take over what Django says now. Whether parts arrive is the origin's own to say."""
        tenant = self.tenants.get(key)
        if tenant is None:
            if key in self._loading:
                self._newer[key] = facts
            return
        stream = tenant.stream
        stream.revoked_epoch = facts.revoked_epoch
        if facts.markers != stream.markers:
            stream.markers = facts.markers
            stream.forget_texts()
        if facts.state == "ENDED":
            if not stream.is_over:
                stream.finish()
                self.desk.recorded(key, round(1000 * stream.recording.duration))
                self._release(tenant)
        elif facts.state != stream.state:
            # A report is under way, or the sweeper took us for dead while the database was away.
            self._say_again(stream)

    def _say_again(self, stream: LiveStream) -> None:
        if stream.state == "LIVE":
            self.desk.on_air(stream.key)
        elif stream.state == "AWAY":
            self.desk.off_air(stream.key)

    # Going out --------------------------------------------------------------------------------

    def _let_go(self, key: str) -> None:
        tenant = self.tenants[key]
        tenant.stream.leave_open()
        del self.tenants[key]
        self._release(tenant)

    def _release(self, tenant: Tenant) -> None:
        if tenant.journal is not None:
            self.recorder.release(tenant.journal)
            tenant.journal = None

    async def close(self) -> None:
        """Save what is open and give every stream back. The publishers' sessions stay good."""
        self._watch.cancel()
        for key in list(self.tenants):
            self._let_go(key)
        await self.loop.run_in_executor(None, self.desk.close)
        await self.loop.run_in_executor(None, self.recorder.close)
        self.threads.shutdown(wait=False, cancel_futures=True)

    def abandon(self) -> None:
        """The loop is gone (a test ended): give the locks back at once."""
        for tenant in self.tenants.values():
            if tenant.journal is not None:
                tenant.journal.release()
        self.tenants.clear()
        self.desk.close()
        self.threads.shutdown(wait=False, cancel_futures=True)
