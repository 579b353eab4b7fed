"""One stream in memory: sessions, parts, segments, and who waits for the next part.

Everything here runs on the event loop and never blocks; the disk is reached through `Recorder`.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from streaming.origin import playlists
from streaming.origin.answers import Refused
from streaming.origin.boxes import BadMedia, Init, parse_init, parse_part
from streaming.origin.facts import Facts, MarkerFact
from streaming.origin.journal import Recording, SegmentRecord, SessionRecord
from streaming.origin.segments import Segment, StoredPart, restored

log = logging.getLogger(__name__)

SEGMENT_SECONDS: Final = 0.9
GOP_MAX_SECONDS: Final = 6.0
SOUND_ONLY_SEGMENT_SECONDS: Final = 4.0
JUMP_SECONDS: Final = 2.0
# A segment's wall clock follows the media clock until the two differ by more than this.
CLOCK_SLACK_MS: Final = 100.0
CAPTURE_MAX_AGE_MS: Final = 60_000.0
WINDOW_SEGMENTS: Final = 10
KEPT_SEGMENTS: Final = 16
KEPT_BYTES: Final = 32 * 1024 * 1024
AWAY_SECONDS: Final = 4.0
# Encoding, sending and decoding on top of the hold-back; measured glass to glass.
LATENCY_OVERHEAD_MS: Final = 250


@dataclass(slots=True)
class Session:
    """The one publisher that the stream listens to. `end`: where its media time line stands."""

    id: str
    epoch: int
    init: Init
    init_number: int
    next_seq: int
    end: float | None = None


Save = Callable[[SegmentRecord, bytes, bool], None]
SaveSession = Callable[[SessionRecord, bytes], None]


class LiveStream:
    """`save` and `save_session` must return at once; both may be told when a stream is read only."""

    def __init__(
        self,
        key: str,
        *,
        facts: Facts,
        recording: Recording,
        inits: dict[int, bytes],
        save: Save,
        save_session: SaveSession,
    ) -> None:
        self.key = key
        self.recording = recording
        self.save = save
        self.save_session = save_session
        self.inits = inits
        self.revoked_epoch = facts.revoked_epoch
        self.markers: tuple[MarkerFact, ...] = facts.markers
        self.state = facts.state
        self.recording_failed = False
        # The newest still picture (JPEG); in memory only, the next one comes within seconds.
        self.still: bytes | None = None
        self.window: deque[Segment] = deque(maxlen=WINDOW_SEGMENTS)
        self.kept: dict[int, Segment] = {}
        self.open: Segment | None = None
        self.session: Session | None = None
        self.version = 0
        self.part_target = playlists.PART_TARGET
        self.target_duration = playlists.SMALLEST_TARGET_DURATION
        self.discontinuities: list[int] = []
        self.last_part_at = 0.0
        self._kept_bytes = 0
        self._texts: dict[str, tuple[int, bytes]] = {}
        self._waiters: set[asyncio.Future[bool]] = set()
        self._restore()

    # What came before -------------------------------------------------------------------------

    def _restore(self) -> None:
        recording = self.recording
        if self.is_over:
            recording.keep_tail()
        for record in recording.segments:
            self._count(record)
        for record in recording.segments[-WINDOW_SEGMENTS:]:
            self.window.append(restored(record))
        last = recording.segments[-1] if recording.segments else None
        self.next_msn = last.msn + 1 if last else 0
        if not recording.sessions or self.is_over:
            return
        latest = recording.sessions[-1]
        if latest.init not in self.inits:
            return
        try:
            init = parse_init(self.inits[latest.init])
        except BadMedia:
            log.exception("stream %s: the session cannot go on", self.key)
            return
        continued = last if last is not None and last.init == latest.init else None
        self.session = Session(
            id=latest.session,
            epoch=latest.epoch,
            init=init,
            init_number=latest.init,
            next_seq=continued.next_seq if continued else 1,
            end=continued.end if continued else None,
        )

    def _count(self, segment: Segment | SegmentRecord) -> None:
        if segment.discontinuity:
            self.discontinuities.append(segment.msn)
        self.target_duration = max(self.target_duration, math.ceil(segment.duration))

    # Rights -----------------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        return self.state == "ENDED"

    def check_publisher(self, session: str, epoch: int) -> None:
        """Raises Refused when this session may not publish (any more)."""
        if self.is_over:
            raise Refused("ended")
        if epoch <= self.revoked_epoch:
            raise Refused("revoked")
        if self.session is not None and (
            epoch < self.session.epoch
            or (epoch == self.session.epoch and session != self.session.id)
        ):
            raise Refused("superseded")

    def next_seq(self, session: str) -> int:
        return self.session.next_seq if self.session and self.session.id == session else 0

    # Taking in --------------------------------------------------------------------------------

    def accept_init(self, session: str, epoch: int, body: bytes) -> bool:
        """Begin a session; False when it has begun already. Raises BadMedia."""
        if self.session is not None and self.session.id == session:
            return False
        init = parse_init(body)
        self._keep_tail()
        self.close_segment(None)
        number = self.recording.free_init_number()
        record = SessionRecord(session, epoch, number)
        self.recording.sessions.append(record)
        self.inits[number] = body
        self.session = Session(session, epoch, init, number, next_seq=1)
        self.save_session(record, body)
        video = init.video
        log.info(
            "stream %s: session %s sends %s %dx%d",
            self.key,
            session,
            init.codecs,
            video.width,
            video.height,
        )
        return True

    def accept_part(self, body: bytes, *, capture_ms: float | None, now: float) -> None:
        """Take the part that comes next in the session. `now` in unix seconds. Raises BadMedia."""
        session = self.session
        assert session is not None
        part = parse_part(body, session.init)
        opened = self.open
        jumped = session.end is not None and abs(part.start - session.end) > JUMP_SECONDS
        if (jumped or session.end is None) and not part.independent:
            raise BadMedia("a session, or a jump of the time line, begins with a key frame")
        delta = bool(part.frames) and not part.independent
        if opened is not None and delta and opened.duration >= GOP_MAX_SECONDS:
            raise BadMedia(f"no key frame for {GOP_MAX_SECONDS:g} s")
        self.recording.tail = None
        if opened is not None and (jumped or _cuts(opened, part.independent, part.frames)):
            self.close_segment(None if jumped else part.start)
            opened = None
        if opened is None:
            opened = self._open_segment(part.start, part.duration, jumped, capture_ms, now)
        opened.add(StoredPart(body, part.duration, part.independent))
        if part.duration > self.part_target:
            self.part_target = math.ceil(part.duration * 20) / 20
        session.next_seq += 1
        session.end = part.start + part.duration
        self.last_part_at = now
        self.changed()

    def _open_segment(
        self, start: float, duration: float, jumped: bool, capture_ms: float | None, now: float
    ) -> Segment:
        session = self.session
        assert session is not None
        previous = self.window[-1] if self.window else None
        fresh = jumped or previous is None or previous.init != session.init_number
        at = _wall_clock(
            None if fresh or previous is None else previous.at + 1000 * previous.duration,
            capture_ms,
            1000 * (now - duration),
            1000 * now,
        )
        if previous is not None:
            at = max(at, previous.at + 1)
        self.open = Segment(
            msn=self.next_msn,
            init=session.init_number,
            first_seq=session.next_seq,
            start=start,
            at=at,
            discontinuity=fresh and previous is not None,
        )
        self.open.head = playlists.head_of(self.open)
        self.next_msn += 1
        return self.open

    def close_segment(self, next_start: float | None) -> None:
        """Close what is open, give it to the recorder, forget the oldest. `next_start` in media seconds."""
        segment, self.open = self.open, None
        if segment is None or self.session is None:
            return
        if next_start is not None and next_start > segment.start:
            segment.duration = next_start - segment.start
        segment.seal()
        self._admit(segment)
        self.kept[segment.msn] = segment
        self._kept_bytes += segment.size
        while len(self.kept) > KEPT_SEGMENTS or (
            self._kept_bytes > KEPT_BYTES and len(self.kept) > playlists.SEGMENTS_WITH_PARTS
        ):
            oldest = self.kept.pop(next(iter(self.kept)))
            self._kept_bytes -= oldest.size
        record = segment.record(self.session.next_seq)
        self.recording.segments.append(record)
        assert segment.data is not None
        self.save(record, segment.data, False)

    def _admit(self, segment: Segment) -> None:
        self._count(segment)
        self.window.append(segment)

    def _keep_tail(self) -> None:
        """The segment that a stopped process left open will not be completed: it counts as closed."""
        if tail := self.recording.tail:
            self.recording.keep_tail()
            self._admit(restored(tail))
            self.next_msn = tail.msn + 1

    def leave_open(self) -> None:
        """Before an orderly stop: save the open segment in a way that lets its session complete it."""
        if self.open is not None and self.session is not None:
            record = self.open.record(self.session.next_seq)
            self.save(record, b"".join(p.data for p in self.open.parts), True)

    def finish(self) -> None:
        """The stream is over: close, announce the end to waiting players."""
        self._keep_tail()
        self.close_segment(None)
        self.state = "ENDED"
        self.session = None
        self.still = None
        self.changed()

    # Giving out -------------------------------------------------------------------------------

    @property
    def position(self) -> tuple[int, int]:
        """(msn, part) that comes next."""
        return (self.open.msn, len(self.open.parts)) if self.open else (self.next_msn, 0)

    def has(self, msn: int, part: int | None) -> bool:
        """Whether the playlist holds that segment, or that part of it or of what follows it."""
        next_msn, next_part = self.position
        return msn < next_msn or (msn == next_msn and part is not None and part < next_part)

    def removed_before(self, first: Segment) -> int:
        """Discontinuities up to and including the start of `first`."""
        return sum(1 for msn in self.discontinuities if msn <= first.msn) + (
            1 if first is self.open and first.discontinuity else 0
        )

    def markers_since(self, at: float) -> list[MarkerFact]:
        return [m for m in self.markers if m.at >= at]

    def text(self, name: str, make: Callable[[LiveStream], str]) -> bytes:
        """The playlist of this version, made once however many ask for it."""
        return self.bytes(name, lambda: make(self).encode())

    def bytes(self, name: str, make: Callable[[], bytes]) -> bytes:
        """Anything made of this version's state, made once."""
        version, body = self._texts.get(name, (-1, b""))
        if version != self.version:
            body = make()
            self._texts[name] = (self.version, body)
        return body

    def forget_texts(self) -> None:
        """Markers changed: the texts of this version are stale, but nobody needs to be woken."""
        self._texts.clear()

    @property
    def latency_hint_ms(self) -> int:
        return round(1000 * playlists.hold_back(self.part_target)) + LATENCY_OVERHEAD_MS

    def changed(self) -> None:
        """A new version: wake everyone who waits."""
        self.version += 1
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(True)

    async def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        """Wait for versions until `until()` holds; False when time runs out first."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not until():
            left = deadline - loop.time()
            if left <= 0:
                return False
            waiter: asyncio.Future[bool] = loop.create_future()
            self._waiters.add(waiter)
            timer = loop.call_later(left, _give_up, waiter)
            try:
                await waiter
            finally:
                timer.cancel()
                self._waiters.discard(waiter)
        return True


def _give_up(waiter: asyncio.Future[bool]) -> None:
    if not waiter.done():
        waiter.set_result(False)


def _cuts(opened: Segment, independent: bool, frames: int) -> bool:
    if independent:
        return opened.duration >= SEGMENT_SECONDS
    return not frames and opened.duration >= SOUND_ONLY_SEGMENT_SECONDS


def _wall_clock(
    expected: float | None, capture: float | None, arrival: float, now_ms: float
) -> float:
    """Unix ms of a segment's first frame: the media clock, corrected by the camera's when it strays."""
    if capture is not None and not now_ms - CAPTURE_MAX_AGE_MS <= capture <= now_ms:
        capture = None
    if expected is None:
        return arrival if capture is None else capture
    if capture is None or abs(capture - expected) <= CLOCK_SLACK_MS:
        return expected
    return capture
