"""What a stream leaves on disk: closed segments, init segments, and a journal that names them.

`<folder>/init-<n>.mp4`, `seg-<msn>.m4s`, `journal.jsonl`, `lock`. A line is appended after its file
is complete, so whatever the journal names is whole, wherever the process was killed. Exactly one
process may write: it holds a lock on `lock`.
"""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

JOURNAL = "journal.jsonl"


class OwnedElsewhere(Exception):
    """Another process holds the stream's lock; the text names it."""


class DiskLow(OSError):
    """Too little room is left; recording stops before it takes the database's."""


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A publishing session and the number of its init segment."""

    session: str
    epoch: int
    init: int


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """A closed segment. `duration` and `end` in seconds, `at` in unix ms; `next_seq`: what follows it."""

    msn: int
    init: int
    duration: float
    at: float
    size: int
    first_seq: int
    next_seq: int
    end: float
    discontinuity: bool

    @property
    def start(self) -> float:
        return self.end - self.duration


@dataclass(slots=True)
class Recording:
    """What the journal says. `tail` was still open when its process stopped in order."""

    sessions: list[SessionRecord] = field(default_factory=list)
    segments: list[SegmentRecord] = field(default_factory=list)
    tail: SegmentRecord | None = None

    def keep_tail(self) -> None:
        """Nobody will complete the open segment any more: it counts as closed."""
        if self.tail is not None:
            self.segments.append(self.tail)
            self.tail = None

    def free_init_number(self) -> int:
        """A number that no init segment has; a disk that was full may have lost a session's line."""
        # Numbers grow in both lists, so the last of each is the largest.
        lasts = [s.init for s in self.sessions[-1:]] + [s.init for s in self.segments[-1:]]
        return max(lasts, default=-1) + 1

    @property
    def duration(self) -> float:
        return sum(s.duration for s in self.segments)


def read(folder: Path) -> Recording:
    """Read the journal; an unfinished last line is ignored. Raises OSError except for a missing one."""
    recording = Recording()
    try:
        lines = (folder / JOURNAL).read_bytes().splitlines()
    except FileNotFoundError:
        return recording
    for line in lines:
        try:
            entry: dict[str, Any] = json.loads(line)
            kind = entry.pop("t")
            if kind == "session":
                recording.keep_tail()
                recording.sessions.append(SessionRecord(**entry))
            elif kind == "open":
                recording.tail = SegmentRecord(**entry)
            elif kind == "seg":
                recording.tail = None
                recording.segments.append(SegmentRecord(**entry))
        except (ValueError, TypeError, KeyError):
            continue
    return recording


class Journal:
    """The one writer of a stream's folder. Methods block: call them on a thread."""

    def __init__(self, folder: Path, *, keep_free: int) -> None:
        self.folder = folder
        self.keep_free = keep_free
        self._lock: IO[str] | None = None

    def acquire(self) -> Recording:
        """Take the lock and read what is there. Raises OwnedElsewhere, OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = (self.folder / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            lock.close()
            raise OwnedElsewhere(
                f"process {owner} owns the stream in {self.folder}: "
                "route /ingest and /live to that process, or stop it"
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock
        self._mend()
        return read(self.folder)

    def release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def write_session(self, record: SessionRecord, init: bytes) -> None:
        """Raises OSError."""
        self._write(f"init-{record.init}.mp4", init)
        self._append("session", record)

    def write_segment(self, record: SegmentRecord, data: bytes, *, still_open: bool) -> None:
        """Raises OSError."""
        self._write(f"seg-{record.msn}.m4s", data)
        self._append("open" if still_open else "seg", record)

    def _write(self, name: str, data: bytes) -> None:
        space = os.statvfs(self.folder)
        if space.f_bavail * space.f_frsize < self.keep_free + len(data):
            raise DiskLow(f"less than {self.keep_free >> 20} MB free beside {self.folder}")
        path = self.folder / name
        try:
            path.write_bytes(data)
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def _append(self, kind: str, record: SessionRecord | SegmentRecord) -> None:
        entry = {"t": kind, **dataclasses.asdict(record)}
        line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        handle = os.open(self.folder / JOURNAL, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            if os.write(handle, line) != len(line):
                self._mend()
                raise OSError(f"the journal of {self.folder} was cut short")
        finally:
            os.close(handle)

    def _mend(self) -> None:
        """Cut off a last line that a killed process or a full disk left unfinished."""
        path = self.folder / JOURNAL
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return
        whole = data.rfind(b"\n") + 1
        if whole != len(data):
            os.truncate(path, whole)
