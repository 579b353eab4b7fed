"""`PUT /ingest/<key>/<session>/<seq>`, `PUT …/still` and `POST …/end`. The contract is docs/video.md."""

from __future__ import annotations

import asyncio
from time import monotonic, time
from typing import Any, Final

from streaming.origin.answers import Answer, Headers, Receive, Refused
from streaming.origin.boxes import INIT_MAX_BYTES, PART_MAX_BYTES, BadMedia
from streaming.origin.house import House, Tenant
from streaming.origin.metrics import BYTES, PARTS
from streaming.origin.stills import STILL_MAX_BYTES, check_still
from streaming.tokens import Signer, TokenError

BODY_SECONDS: Final = 15.0
MAX_SEQ_DIGITS: Final = 9


async def ingest(
    house: House, signer: Signer, scope: dict[str, Any], receive: Receive, pieces: list[str]
) -> Answer:
    """`pieces` are what follows `/ingest/` in the path. Raises Refused."""
    if len(pieces) != 3:
        raise Refused("not_found")
    key, session, what = pieces
    headers = dict(scope["headers"])
    epoch = _epoch(signer, headers, key, session)
    if what == "end":
        if scope["method"] != "POST":
            raise Refused("method")
        tenant = await house.tenant(key)
        tenant.stream.check_publisher(session, epoch)
        return _end(house, tenant, session)
    if what == "still":
        if scope["method"] != "PUT":
            raise Refused("method")
        body = await _body(headers, receive, STILL_MAX_BYTES)
        tenant = await house.tenant(key)
        tenant.stream.check_publisher(session, epoch)
        return _still(tenant, session, body)
    if not (what.isascii() and what.isdigit() and len(what) <= MAX_SEQ_DIGITS):
        raise Refused("not_found")
    if scope["method"] != "PUT":
        raise Refused("method")
    seq = int(what)
    # The body is read before any refusal: a browser told off in mid-sending sees no status.
    body = await _body(headers, receive, PART_MAX_BYTES if seq else INIT_MAX_BYTES)
    tenant = await house.tenant(key)
    tenant.stream.check_publisher(session, epoch)
    return _put(house, tenant, headers, (session, epoch, seq), body)


def _epoch(signer: Signer, headers: dict[bytes, bytes], key: str, session: str) -> int:
    scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() != "bearer":
        raise Refused("bad_token")
    try:
        return signer.publish_epoch(token.strip(), stream=key, session=session, now=time())
    except TokenError as error:
        raise Refused(error.code) from None


async def _body(headers: dict[bytes, bytes], receive: Receive, limit: int) -> bytes:
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or int(length) > limit:
        raise Refused("too_large")
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refused("too_slow")
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > limit:
                    raise Refused("too_large")
                chunks.append(chunk)
                if not message.get("more_body"):
                    return chunk if len(chunks) == 1 else b"".join(chunks)
    except TimeoutError:
        raise Refused("too_slow") from None


def _put(
    house: House,
    tenant: Tenant,
    headers: dict[bytes, bytes],
    which: tuple[str, int, int],
    body: bytes,
) -> Answer:
    stream = tenant.stream
    session, epoch, seq = which
    expected = stream.next_seq(session)
    if seq > expected:
        raise Refused("hole", headers=_next(expected))
    if seq == expected:
        _charge(tenant, len(body))
        try:
            if seq == 0:
                stream.accept_init(session, epoch, body)
                house.desk.session_started(stream.key, session)
            else:
                capture = _capture_time(headers)
                stream.accept_part(body, capture_ms=capture, now=time())
                house.on_air(tenant)
                PARTS.inc()
                BYTES.inc(len(body))
        except BadMedia as error:
            raise Refused(
                "bad_media", detail=f"Refused: {error}.", headers=_next(expected)
            ) from None
    answer = Answer(204, _next(stream.next_seq(session)))
    if stream.recording_failed:
        answer.headers.append((b"x-recording", b"failed"))
    return answer


def _still(tenant: Tenant, session: str, body: bytes) -> Answer:
    stream = tenant.stream
    # Only who is on air may be seen: a grant alone has not taken the stream over.
    if not stream.next_seq(session):
        raise Refused("hole", headers=_next(0))
    _wait(tenant.stills.take(1, monotonic()))
    try:
        check_still(body)
    except BadMedia as error:
        raise Refused("bad_media", detail=f"Refused: {error}.") from None
    stream.still = body
    return Answer(204)


def _charge(tenant: Tenant, size: int) -> None:
    now = monotonic()
    _wait(tenant.parts.take(1, now) or tenant.volume.take(size, now))


def _wait(wait: float) -> None:
    if wait:
        raise Refused("too_fast", headers=[(b"retry-after", b"%d" % max(1, round(wait + 0.5)))])


def _end(house: House, tenant: Tenant, session: str) -> Answer:
    if tenant.stream.next_seq(session):
        house.off_air(tenant)
        house.desk.session_ended(tenant.stream.key, session)
    return Answer(204)


def _capture_time(headers: dict[bytes, bytes]) -> float | None:
    text = headers.get(b"x-capture-time", b"")
    try:
        return float(text) if text and len(text) <= 20 else None
    except ValueError:
        return None


def _next(seq: int) -> Headers:
    return [(b"x-next", b"%d" % seq)]
