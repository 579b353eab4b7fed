"""`GET /live/<token>/<key>/<file>`: playlists, media, status and the replay."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from functools import partial
from time import time
from typing import Any, Final
from urllib.parse import parse_qs

from streaming.origin import playlists, replay
from streaming.origin.answers import (
    FIVE_SECONDS,
    IMMUTABLE,
    JPEG,
    JSON,
    MP4,
    NO_SNIFF,
    NO_STORE,
    ONE_SECOND,
    PLAYLIST,
    SEGMENT,
    SIX_SECONDS,
    Answer,
    Headers,
    Refused,
)
from streaming.origin.house import House, Tenant
from streaming.origin.live import LiveStream
from streaming.tokens import Signer, TokenError

WAIT_TARGET_DURATIONS: Final = 3
# Segments ahead; a player may be that far when a killed origin comes back.
FURTHEST_RELOAD: Final = 2
RETRY: Final[Headers] = [(b"retry-after", b"1")]
MEDIA: Final = re.compile(
    r"(?:seg-(?P<seg>\d{1,9})|part-(?P<msn>\d{1,9})\.(?P<part>\d{1,5}))\.m4s\Z"
    r"|(?:init-(?P<init>\d{1,6})|replay-(?P<replay>\d{1,6}))\.mp4\Z",
    re.ASCII,
)


async def play(house: House, signer: Signer, scope: dict[str, Any], pieces: list[str]) -> Answer:
    """`pieces` are what follows `/live/` in the path. Raises Refused."""
    if len(pieces) != 3:
        raise Refused("not_found")
    token, key, name = pieces
    if scope["method"] not in {"GET", "HEAD"}:
        raise Refused("method")
    try:
        signer.check_play(token, stream=key, now=time())
    except TokenError as error:
        raise Refused(error.code, status=410 if error.code == "expired" else 403) from None
    if name == "allow":
        return Answer(204, [NO_STORE])
    tenant = await house.tenant(key)
    stream = tenant.stream
    if name == "ll.m3u8":
        return await _low_latency(stream, scope)
    if name == "plain.m3u8":
        return _text(stream, scope, "plain", [PLAYLIST, ONE_SECOND])
    if name == "status.json":
        return _status(stream)
    if name == "still.jpg":
        if stream.still is None:
            raise Refused("not_started")
        return Answer(200, [JPEG, FIVE_SECONDS, NO_SNIFF], stream.still)
    if name in {"replay.m3u8", "chapters.json", "replay.mp4"}:
        return await replay.serve(house, tenant, name)
    found = MEDIA.match(name)
    if found is None:
        raise Refused("not_found")
    if found["part"] is not None:
        return await _part(stream, int(found["msn"]), int(found["part"]))
    if found["seg"] is not None:
        return await _segment(house, tenant, int(found["seg"]))
    if found["init"] is not None:
        return await _init(house, tenant, int(found["init"]))
    return await replay.download(house, tenant, int(found["replay"]))


async def _low_latency(stream: LiveStream, scope: dict[str, Any]) -> Answer:
    query = scope["query_string"]
    if not query or stream.is_over:
        return _text(stream, scope, "ll", [PLAYLIST, ONE_SECOND])
    wanted = _wanted(query)
    if wanted is None:
        return _text(stream, scope, "ll", [PLAYLIST, ONE_SECOND])
    msn, part = wanted
    if msn > stream.position[0] + FURTHEST_RELOAD:
        raise Refused("bad_reload")
    patience = WAIT_TARGET_DURATIONS * stream.target_duration
    if await stream.wait(lambda: stream.is_over or stream.has(msn, part), patience):
        return _text(stream, scope, "ll", [PLAYLIST, SIX_SECONDS])
    if stream.state == "LIVE":
        raise Refused("late", headers=RETRY)
    return _text(stream, scope, "ll", [PLAYLIST, NO_STORE])


def _wanted(query: bytes) -> tuple[int, int | None] | None:
    """(msn, part) of a blocking reload, None for a plain one. Raises Refused."""
    fields = parse_qs(query.decode("latin-1"), max_num_fields=20)
    msn, part = fields.get("_HLS_msn"), fields.get("_HLS_part")
    if msn is None and part is None:
        return None
    try:
        if msn is None:
            raise ValueError("_HLS_part without _HLS_msn")
        return _number(msn[0]), None if part is None else _number(part[0])
    except ValueError:
        raise Refused("bad_reload") from None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ValueError(text)
    return int(text)


def _text(stream: LiveStream, scope: dict[str, Any], name: str, headers: Headers) -> Answer:
    """A playlist, packed once for each version when the client can unpack it."""
    make = playlists.low_latency if name == "ll" else playlists.plain
    body = stream.text(name, make)
    if not body:
        raise Refused("not_started")
    answer = [*headers, (b"vary", b"accept-encoding")]
    for field, value in scope["headers"]:
        if field == b"accept-encoding" and b"gzip" in value:
            packed = stream.bytes(f"{name}.gz", partial(gzip.compress, body, 1, mtime=0))
            return Answer(200, [*answer, (b"content-encoding", b"gzip")], packed)
    return Answer(200, answer, body)


async def _part(stream: LiveStream, msn: int, index: int) -> Answer:
    if (msn, index) == stream.position and not stream.is_over:
        patience = WAIT_TARGET_DURATIONS * stream.target_duration
        await stream.wait(lambda: stream.is_over or stream.position != (msn, index), patience)
    opened = stream.open
    segment = opened if opened is not None and opened.msn == msn else stream.kept.get(msn)
    if segment is None or index >= len(segment.parts):
        raise Refused("not_found")
    return Answer(200, [SEGMENT, IMMUTABLE], bytes(segment.parts[index].data))


async def _segment(house: House, tenant: Tenant, msn: int) -> Answer:
    kept = tenant.stream.kept.get(msn)
    if kept is not None and kept.data is not None:
        return Answer(200, [SEGMENT, IMMUTABLE], kept.data)
    data = await _file(house, tenant, f"seg-{msn}.m4s")
    # The file of a segment that is still being written, or was never finished, is not one.
    if not any(r.msn == msn and r.size == len(data) for r in tenant.stream.recording.segments):
        raise Refused("not_found")
    return Answer(200, [SEGMENT, IMMUTABLE], data)


async def _init(house: House, tenant: Tenant, number: int) -> Answer:
    data = tenant.stream.inits.get(number)
    if data is None:
        data = tenant.stream.inits[number] = await _file(house, tenant, f"init-{number}.mp4")
    return Answer(200, [MP4, IMMUTABLE], data)


async def _file(house: House, tenant: Tenant, name: str) -> bytes:
    path = tenant.folder / name
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(house.threads, path.read_bytes)
    except FileNotFoundError:
        raise Refused("not_found") from None


def _status(stream: LiveStream) -> Answer:
    recording = "failed" if stream.recording_failed else "ok" if stream.next_msn else "none"
    body = {
        "state": stream.state.lower(),
        "latency_hint_ms": stream.latency_hint_ms,
        "recording": recording,
    }
    return Answer(200, [JSON, ONE_SECOND], json.dumps(body).encode())
