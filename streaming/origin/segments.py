"""Parts and the segments they make, as they lie in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from streaming.origin import playlists
from streaming.origin.journal import SegmentRecord


@dataclass(slots=True)
class StoredPart:
    data: bytes | memoryview
    duration: float
    independent: bool


@dataclass(slots=True)
class Segment:
    """Open while its parts arrive. `start` on the media time line, `at` in unix ms."""

    msn: int
    init: int
    first_seq: int
    start: float
    at: float
    discontinuity: bool
    parts: list[StoredPart] = field(default_factory=list)
    duration: float = 0.0
    size: int = 0
    data: bytes | None = None
    head: str = ""
    part_lines: str = ""
    body: str = ""

    @property
    def end(self) -> float:
        return self.start + self.duration

    def add(self, part: StoredPart) -> None:
        self.parts.append(part)
        self.duration += part.duration
        self.size += len(part.data)
        self.part_lines += playlists.part_line(self, len(self.parts) - 1)

    def seal(self) -> None:
        """Join the parts to one block of bytes that they share from now on."""
        self.data = b"".join(p.data for p in self.parts)
        view, at = memoryview(self.data), 0
        for part in self.parts:
            length = len(part.data)
            part.data = view[at : at + length]
            at += length
        self.body = playlists.body_of(self)

    def record(self, next_seq: int) -> SegmentRecord:
        return SegmentRecord(
            msn=self.msn,
            init=self.init,
            duration=round(self.duration, 6),
            at=round(self.at, 1),
            size=self.size,
            first_seq=self.first_seq,
            next_seq=next_seq,
            end=round(self.end, 6),
            discontinuity=self.discontinuity,
        )


def restored(record: SegmentRecord) -> Segment:
    """A closed segment that the journal knows; its bytes stay on disk."""
    segment = Segment(
        msn=record.msn,
        init=record.init,
        first_seq=record.first_seq,
        start=record.start,
        at=record.at,
        discontinuity=record.discontinuity,
        duration=record.duration,
        size=record.size,
    )
    segment.head = playlists.head_of(segment)
    segment.body = playlists.body_of(segment)
    return segment
