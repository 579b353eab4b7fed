"""What the origin says over HTTP: plain answers and refusals with a stable code."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

IMMUTABLE = (b"cache-control", b"public, max-age=3600, immutable")
ONE_HOUR = (b"cache-control", b"public, max-age=3600")
SIX_SECONDS = (b"cache-control", b"public, max-age=6")
FIVE_SECONDS = (b"cache-control", b"public, max-age=5")
ONE_SECOND = (b"cache-control", b"public, max-age=1")
NO_SNIFF = (b"x-content-type-options", b"nosniff")
NO_STORE = (b"cache-control", b"no-store")

PLAYLIST = (b"content-type", b"application/vnd.apple.mpegurl")
SEGMENT = (b"content-type", b"video/iso.segment")
MP4 = (b"content-type", b"video/mp4")
JPEG = (b"content-type", b"image/jpeg")
JSON = (b"content-type", b"application/json")
PROBLEM = (b"content-type", b"application/problem+json")

# code: (status, what to do)
REFUSALS: dict[str, tuple[int, str]] = {
    "bad_token": (403, "The token does not open this stream: ask for a new one."),
    "expired": (403, "The token is out of time: ask for a new one."),
    "revoked": (403, "The token was withdrawn: ask for a new publishing session."),
    "superseded": (403, "A newer session publishes into this stream."),
    "ended": (403, "The stream is over."),
    "not_found": (404, "There is no such file."),
    "not_started": (404, "Nothing is on air yet."),
    "not_ended": (404, "The replay appears when the stream has ended."),
    "several_formats": (404, "The sessions differ in format: fetch replay-<n>.mp4 for each init."),
    "method": (405, "This address does not know the method."),
    "too_slow": (408, "The body took too long: send it again."),
    "hole": (409, "Parts are missing: go on with the number in X-Next."),
    "too_large": (413, "The body is over the limit that the grant names."),
    "bad_media": (422, "The media breaks the rules of docs/video.md."),
    "bad_reload": (400, "_HLS_msn and _HLS_part must be numbers near the end of the playlist."),
    "too_fast": (429, "Over the rates that the grant names: wait and repeat."),
    "busy": (503, "The origin cannot look this stream up now: wait and repeat."),
    "owned_elsewhere": (503, "Another process owns this stream: route /ingest and /live to it."),
    "late": (503, "No new part in time: ask again."),
}


@dataclass(slots=True)
class Answer:
    """`stream`, when set, is sent instead of `body` and must yield exactly `length` bytes."""

    status: int = 200
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    stream: AsyncIterator[bytes] | None = None
    length: int | None = None

    async def send(self, send: Send, *, head: bool = False) -> None:
        headers = [*self.headers]
        if self.status != 204:
            size = len(self.body) if self.length is None else self.length
            headers.append((b"content-length", b"%d" % size))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        if self.stream is not None and not head:
            async for chunk in self.stream:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        else:
            await send({"type": "http.response.body", "body": b"" if head else self.body})


class Refused(Exception):
    """Ends a request; renders as a problem document."""

    def __init__(
        self, code: str, *, status: int = 0, detail: str = "", headers: Headers | None = None
    ) -> None:
        self.code = code
        self.status = status or REFUSALS[code][0]
        self.detail = detail or REFUSALS[code][1]
        self.headers = headers or []
        super().__init__(code)

    def answer(self) -> Answer:
        problem = {
            "type": f"urn:liveshop:problem:{self.code}",
            "title": "The origin refused the request",
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        body = json.dumps(problem).encode()
        return Answer(self.status, [PROBLEM, NO_STORE, *self.headers], body)
