"""HLS playlists as text. Lines of closed segments are kept with the segment; the rest is joined."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from streaming.origin.facts import MarkerFact
from streaming.origin.journal import SegmentRecord

if TYPE_CHECKING:
    from streaming.origin.live import LiveStream
    from streaming.origin.segments import Segment

# Parts are listed for the open segment and this many closed ones.
SEGMENTS_WITH_PARTS = 3
# Parts of 0.25 s at any frame rate fit, and all but the last of a segment are over 85 % of it.
PART_TARGET = 0.29
HOLD_BACK_PARTS = 3
# Shorter has stalled players on busy machines.
SMALLEST_HOLD_BACK = 1.05
SMALLEST_TARGET_DURATION = 2


def iso(ms: float) -> str:
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def head_of(segment: Segment | SegmentRecord) -> str:
    """What stands before a segment's own lines."""
    lines = f"#EXT-X-PROGRAM-DATE-TIME:{iso(segment.at)}\n"
    if segment.discontinuity:
        lines = f'#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="init-{segment.init}.mp4"\n{lines}'
    return lines


def body_of(segment: Segment | SegmentRecord) -> str:
    return f"#EXTINF:{segment.duration:.5f},\nseg-{segment.msn}.m4s\n"


def part_line(segment: Segment, index: int) -> str:
    part = segment.parts[index]
    independent = ",INDEPENDENT=YES" if part.independent else ""
    name = f"part-{segment.msn}.{index}.m4s"
    return f'#EXT-X-PART:DURATION={part.duration:.5f},URI="{name}"{independent}\n'


def date_ranges(markers: Iterable[MarkerFact]) -> str:
    return "".join(_date_range(marker) for marker in markers)


def _date_range(marker: MarkerFact) -> str:
    data = quote(json.dumps(marker.payload, ensure_ascii=False, separators=(",", ":")), safe="")
    return (
        f'#EXT-X-DATERANGE:ID="m{marker.id}",CLASS="liveshop.{_quoted(marker.kind)}",'
        f'START-DATE="{iso(marker.at)}",X-LABEL="{_quoted(marker.label)}",'
        f'X-REF="{_quoted(marker.ref)}",X-DATA="{data}"\n'
    )


def _quoted(text: str) -> str:
    """A quoted-string of a playlist can hold neither quotes nor control characters."""
    return "".join("'" if c == '"' else c for c in text if c.isprintable())


def _top(target: float, sequence: int, discontinuities: int, first_init: int, control: str) -> str:
    return (
        f"#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:{target:.0f}\n{control}"
        f"#EXT-X-MEDIA-SEQUENCE:{sequence}\n#EXT-X-DISCONTINUITY-SEQUENCE:{discontinuities}\n"
        f'#EXT-X-MAP:URI="init-{first_init}.mp4"\n'
    )


def hold_back(part_target: float) -> float:
    """How far behind the newest part players stay, in seconds."""
    return max(SMALLEST_HOLD_BACK, HOLD_BACK_PARTS * part_target)


def _first(segments: Sequence[Segment], opened: Segment | None) -> Segment | None:
    return segments[0] if segments else opened


def low_latency(stream: LiveStream) -> str:
    """`ll.m3u8` of this moment."""
    closed = list(stream.window)
    opened = stream.open
    first = _first(closed, opened)
    if first is None:
        return ""
    part_target = stream.part_target
    control = (
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,"
        f"PART-HOLD-BACK={hold_back(part_target):.3f}\n"
        f"#EXT-X-PART-INF:PART-TARGET={part_target:.3f}\n"
    )
    chunks = [
        _top(stream.target_duration, first.msn, stream.removed_before(first), first.init, control),
        date_ranges(stream.markers_since(first.at)),
    ]
    detailed = max(0, len(closed) - SEGMENTS_WITH_PARTS)
    for index, segment in enumerate(closed):
        chunks.append(segment.head if index else _without_map(segment))
        if index >= detailed:
            chunks.append(segment.part_lines)
        chunks.append(segment.body)
    if opened is not None:
        chunks.append(opened.head if closed else _without_map(opened))
        chunks.append(opened.part_lines)
    if stream.is_over:
        chunks.append("#EXT-X-ENDLIST\n")
    else:
        msn, index = stream.position
        chunks.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part-{msn}.{index}.m4s"\n')
    return "".join(chunks)


def plain(stream: LiveStream) -> str:
    """`plain.m3u8` of this moment; empty before the first closed segment."""
    closed = list(stream.window)
    if not closed:
        return ""
    first = closed[0]
    chunks = [
        _top(stream.target_duration, first.msn, stream.removed_before(first), first.init, ""),
        date_ranges(stream.markers_since(first.at)),
    ]
    for index, segment in enumerate(closed):
        chunks.append(segment.head if index else _without_map(segment))
        chunks.append(segment.body)
    if stream.is_over:
        chunks.append("#EXT-X-ENDLIST\n")
    return "".join(chunks)


def _without_map(segment: Segment) -> str:
    """The first segment's discontinuity is counted in the head of the playlist, its map stands there."""
    return f"#EXT-X-PROGRAM-DATE-TIME:{iso(segment.at)}\n"


def vod(segments: Sequence[SegmentRecord]) -> str:
    """`replay.m3u8`: everything recorded; a segment that the disk refused leaves a discontinuity."""
    target = max(SMALLEST_TARGET_DURATION, math.ceil(max(s.duration for s in segments)))
    control = "#EXT-X-PLAYLIST-TYPE:VOD\n"
    chunks = [_top(target, 0, 0, segments[0].init, control)]
    previous = None
    for segment in segments:
        if previous is None:
            chunks.append(f"#EXT-X-PROGRAM-DATE-TIME:{iso(segment.at)}\n")
        elif segment.discontinuity or segment.msn != previous.msn + 1:
            chunks.append(
                f'#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="init-{segment.init}.mp4"\n'
                f"#EXT-X-PROGRAM-DATE-TIME:{iso(segment.at)}\n"
            )
        chunks.append(body_of(segment))
        previous = segment
    chunks.append("#EXT-X-ENDLIST\n")
    return "".join(chunks)
