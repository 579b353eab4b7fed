"""The recording: VOD playlist, chapters, and one MP4 to keep."""

from __future__ import annotations

import asyncio
import json
from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from streaming.origin import playlists
from streaming.origin.answers import JSON, MP4, ONE_HOUR, ONE_SECOND, PLAYLIST, Answer, Refused
from streaming.origin.facts import MarkerFact
from streaming.origin.house import House, Tenant
from streaming.origin.journal import SegmentRecord


def serve(house: House, tenant: Tenant, name: str) -> Answer:
    """`replay.m3u8`, `chapters.json` or `replay.mp4`. Raises Refused."""
    stream = tenant.stream
    segments = stream.recording.segments
    if name == "chapters.json":
        age = ONE_HOUR if stream.is_over else ONE_SECOND
        return Answer(200, [JSON, age], stream.bytes(name, lambda: _chapters(tenant)))
    if not stream.is_over:
        raise Refused("not_ended")
    if not segments:
        raise Refused("not_found")
    if name == "replay.m3u8":
        body = stream.bytes(name, lambda: playlists.vod(segments).encode())
        return Answer(200, [PLAYLIST, ONE_HOUR], body)
    inits = {segment.init for segment in segments}
    if len(inits) > 1:
        raise Refused("several_formats")
    return download(house, tenant, inits.pop())


def _chapters(tenant: Tenant) -> bytes:
    stream = tenant.stream
    segments = stream.recording.segments
    offsets = offsets_of(segments, stream.markers)
    chapters = [
        {
            "id": f"m{marker.id}",
            "kind": marker.kind,
            "label": marker.label,
            "ref": marker.ref,
            "payload": marker.payload,
            "at": round(marker.at),
            "offset_ms": offset,
        }
        for marker, offset in zip(stream.markers, offsets, strict=True)
    ]
    body = {
        "duration_ms": round(1000 * stream.recording.duration),
        "started_at": round(segments[0].at) if segments else None,
        "chapters": chapters,
    }
    return json.dumps(body, ensure_ascii=False).encode()


def offsets_of(segments: Sequence[SegmentRecord], markers: Sequence[MarkerFact]) -> list[int]:
    """Where each marker lies in the replay, in ms; in a gap: at the next picture."""
    begins: list[float] = []
    elapsed = 0.0
    for segment in segments:
        begins.append(elapsed)
        elapsed += 1000 * segment.duration
    clock = [segment.at for segment in segments]
    offsets = []
    for marker in markers:
        index = bisect_right(clock, marker.at) - 1
        if index < 0:
            offsets.append(0)
            continue
        inside = min(marker.at - clock[index], 1000 * segments[index].duration)
        offsets.append(round(begins[index] + inside))
    return offsets


def download(house: House, tenant: Tenant, init: int) -> Answer:
    """`init-<n>` and its segments as one file. Raises Refused."""
    segments = [s for s in tenant.stream.recording.segments if s.init == init]
    path = tenant.folder / f"init-{init}.mp4"
    if not tenant.stream.is_over:
        raise Refused("not_ended")
    if not segments or not path.is_file():
        raise Refused("not_found")
    paths = [path, *(tenant.folder / f"seg-{segment.msn}.m4s" for segment in segments)]
    length = path.stat().st_size + sum(segment.size for segment in segments)
    name = f"{tenant.stream.key}-{init}.mp4".encode()
    headers = [
        MP4,
        ONE_HOUR,
        (b"content-disposition", b'attachment; filename="' + name + b'"'),
    ]
    return Answer(200, headers, stream=_files(house, paths), length=length)


async def _files(house: House, paths: Sequence[Path]) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    for path in paths:
        yield await loop.run_in_executor(house.threads, path.read_bytes)
