"""The recording: VOD playlist, chapters, and one MP4 to keep."""

from __future__ import annotations

import asyncio
import json
from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from streaming.origin import playlists
from streaming.origin.answers import JSON, MP4, ONE_HOUR, ONE_SECOND, PLAYLIST, Answer, Refused
from streaming.origin.boxes import parse_init
from streaming.origin.facts import MarkerFact
from streaming.origin.house import House, Tenant
from streaming.origin.journal import SegmentRecord
from streaming.origin.retime import shift


async def serve(house: House, tenant: Tenant, name: str) -> Answer:
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
    return await download(house, tenant, None)


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


async def download(house: House, tenant: Tenant, number: int | None) -> Answer:
    """One MP4 of everything, or (with `number`) of what goes with that init. Raises Refused.

    Sessions of the same format follow each other on one time line.
    """
    if not tenant.stream.is_over:
        raise Refused("not_ended")
    segments = [s for s in tenant.stream.recording.segments if number in {None, s.init}]
    if not segments:
        raise Refused("not_found")
    loop = asyncio.get_running_loop()
    numbers = {segment.init for segment in segments}
    inits = await loop.run_in_executor(house.threads, _inits, tenant.folder, numbers)
    if len(inits) > 1:
        raise Refused("several_formats")
    (first,) = inits
    name = f"{tenant.stream.key}{'' if number is None else f'-{number}'}.mp4".encode()
    headers = [
        MP4,
        ONE_HOUR,
        (b"content-disposition", b'attachment; filename="' + name + b'"'),
    ]
    length = len(first) + sum(segment.size for segment in segments)
    return Answer(200, headers, stream=_film(house, tenant, first, segments), length=length)


def _inits(folder: Path, numbers: set[int]) -> set[bytes]:
    try:
        return {(folder / f"init-{number}.mp4").read_bytes() for number in numbers}
    except FileNotFoundError:
        raise Refused("not_found") from None


async def _film(
    house: House, tenant: Tenant, first: bytes, segments: Sequence[SegmentRecord]
) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    yield first
    init = parse_init(first)
    for segment, seconds in zip(segments, shifts(segments), strict=True):
        path = tenant.folder / f"seg-{segment.msn}.m4s"
        data = await loop.run_in_executor(house.threads, path.read_bytes)
        yield shift(data, init, seconds) if seconds else data


def shifts(segments: Sequence[SegmentRecord]) -> list[float]:
    """Seconds to move each segment by, so that the file runs from 0 without holes or steps back."""
    moves: list[float] = []
    elapsed, previous = 0.0, None
    for segment in segments:
        continued = (
            previous is not None
            and not segment.discontinuity
            and segment.init == previous.init
            and segment.msn == previous.msn + 1
        )
        moves.append(moves[-1] if continued else round(elapsed - segment.start, 6))
        elapsed += segment.duration
        previous = segment
    return moves
