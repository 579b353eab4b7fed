"""The room page for guests, before Django: everybody who comes within a second gets the same one.

What the ordinary view rendered for a guest at most FRESH_SECONDS ago is given out again with a new
nonce in its content policy and in its scripts. That a page may be a second old costs nothing: its
socket resumes from the snapshot's number. Only answers that are the same for all guests are kept:
200 or 404, no cookie set, not streamed; anything else goes to Django untouched. Parameters by which
advertisements and shared links are counted change nothing in the page; Django never sees them.

A page is kept compressed too, in pieces that end on a byte boundary, so that the nonce goes between
them as a stored block. Nothing in the page is secret to a guest, so compression can tell nobody
anything.
"""

from __future__ import annotations

import asyncio
import base64
import re
import secrets
import struct
import time
import uuid
import zlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from rooms.hub import metrics
from rooms.visitors import cookies_of, language_of

FRESH_SECONDS = 1.0
MOST_PAGES = 256
# What is asked for and does not exist has a table of its own, so that it cannot push out what does.
MOST_MISSING = 256
KEPT_STATUS = {200, 404}

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Key = tuple[str, ...]

_PATH = re.compile(r"/rooms/[-\w]+/", re.ASCII)
# The view reads no parameter; these are the ones that come with a crowd.
_COUNTING = re.compile(
    rb"(?:utm_\w+|mtm_\w+|pk_\w+|gclid|gbraid|wbraid|dclid|gad_source|fbclid|msclkid|ttclid|twclid"
    rb"|yclid|igshid|igsh|li_fat_id|mc_cid|mc_eid|_ga|_gl|spm|scm|share_source|share_medium|from"
    rb"|isappinstalled)(?:=[^&;]*)?"
)
_LONGEST_QUERY = 1000
_NONCE = re.compile(rb"'nonce-([^']+)'")
# They belong to one answer, or are written anew here.
_OWN = {
    b"content-length",
    b"content-encoding",
    b"x-request-id",
    b"content-security-policy",
    b"vary",
}
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


@dataclass(frozen=True, slots=True)
class _Page:
    """`pieces` are what stands around the nonces; `policy` likewise. `packed` are deflated pieces."""

    at: float
    status: int
    headers: Headers
    vary: bytes
    policy: list[bytes]
    pieces: list[bytes]
    packed: list[bytes]

    def answer(self, *, gzip: bool, head: bool) -> tuple[Headers, bytes]:
        """Headers and body with a nonce that was never used before."""
        nonce = base64.b64encode(secrets.token_bytes(16))
        body = self._gzipped(nonce) if gzip else nonce.join(self.pieces)
        headers = [
            *self.headers,
            (b"content-length", str(len(body)).encode()),
            (b"content-security-policy", nonce.join(self.policy)),
            (b"vary", self.vary),
            (b"x-request-id", uuid.uuid4().hex.encode()),
        ]
        if gzip:
            headers.append((b"content-encoding", b"gzip"))
        return headers, b"" if head else body

    def _gzipped(self, nonce: bytes) -> bytes:
        size = len(nonce)
        stored = b"\x00" + struct.pack("<HH", size, size ^ 0xFFFF) + nonce
        whole = nonce.join(self.pieces)
        tail = struct.pack("<II", zlib.crc32(whole), len(whole) & 0xFFFFFFFF)
        return b"".join([_GZIP_HEAD, stored.join(self.packed), tail])


class Doorway:
    """An ASGI application in front of `pages`, the one of Django."""

    def __init__(self, pages: App) -> None:
        self._pages = pages
        self._kept: dict[Key, _Page] = {}
        self._missing: dict[Key, _Page] = {}
        self._coming: dict[Key, asyncio.Task[_Page | None]] = {}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve a guest's room page, or leave the request to Django."""
        headers = scope["headers"]
        cookies = cookies_of(headers)
        if not _may_share(scope, cookies):
            await self._pages(scope, receive, send)
            return
        key = _key(scope, cookies)
        page = self._kept.get(key) or self._missing.get(key)
        if page is None or time.monotonic() - page.at > FRESH_SECONDS:
            page = await self._fresh(key, scope)
        if page is None:
            await self._pages(scope, receive, send)
            return
        metrics.PAGES.inc()
        answer, body = page.answer(gzip=_takes_gzip(headers), head=scope["method"] == "HEAD")
        await send({"type": "http.response.start", "status": page.status, "headers": answer})
        await send({"type": "http.response.body", "body": body})

    async def _fresh(self, key: Key, scope: dict[str, Any]) -> _Page | None:
        """A page rendered now; those who ask for the same one meanwhile share it."""
        task = self._coming.get(key)
        if task is None:
            task = asyncio.create_task(self._render(key, scope), name="room-page")
            self._coming[key] = task
            task.add_done_callback(lambda _: self._coming.pop(key, None))
        return await asyncio.shield(task)

    async def _render(self, key: Key, scope: dict[str, Any]) -> _Page | None:
        at = time.monotonic()
        status, headers, chunks = await _ask(self._pages, _plain(key, scope))
        page = _page(at, status, headers, b"".join(chunks))
        for table, most in ((self._kept, MOST_PAGES), (self._missing, MOST_MISSING)):
            table.pop(key, None)
            while table and (
                len(table) >= most or at - next(iter(table.values())).at > FRESH_SECONDS
            ):
                table.pop(next(iter(table)))
        if page is not None:
            (self._kept if page.status == 200 else self._missing)[key] = page
        return page


def _may_share(scope: dict[str, Any], cookies: dict[str, str]) -> bool:
    """Whether Django would see nothing in this request but a guest who asks for a room."""
    return (
        scope["method"] in {"GET", "HEAD"}
        and _says_nothing(scope["query_string"])
        and _PATH.fullmatch(scope["path"]) is not None
        and settings.SESSION_COOKIE_NAME not in cookies
        and "messages" not in cookies
        # A machine or a fragment is refused in other words than a page.
        and not _first(scope["headers"], b"hx-request")
        and "json" not in _first(scope["headers"], b"accept")
    )


def _says_nothing(query: bytes) -> bool:
    """Whether all parameters are of those that only count where visitors come from."""
    if not query:
        return True
    return len(query) <= _LONGEST_QUERY and all(
        _COUNTING.fullmatch(part) for part in query.split(b"&")
    )


def _key(scope: dict[str, Any], cookies: dict[str, str]) -> Key:
    """What of a guest's request the page depends on."""
    theme = cookies.get("theme", "")
    return (
        scope["path"],
        scope["scheme"],
        _first(scope["headers"], b"host"),
        _first(scope["headers"], b"x-forwarded-proto"),
        language_of(scope["headers"], cookies),
        theme if theme in {"dark", "light"} else "",
    )


def _plain(key: Key, scope: dict[str, Any]) -> dict[str, Any]:
    """The request of a guest who differs from others in nothing but the key."""
    path, _scheme, host, forwarded, language, theme = key
    cookie = f"{settings.LANGUAGE_COOKIE_NAME}={language}" + (f"; theme={theme}" if theme else "")
    headers = [(b"host", host.encode("latin1")), (b"cookie", cookie.encode())]
    if forwarded:
        headers.append((b"x-forwarded-proto", forwarded.encode("latin1")))
    return {**scope, "method": "GET", "path": path, "query_string": b"", "headers": headers}


async def _ask(app: App, scope: dict[str, Any]) -> tuple[int, Headers, list[bytes]]:
    status, headers, chunks = 500, [], []
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if asked:
            # Nobody hangs up on a page that many wait for.
            await asyncio.Event().wait()
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], message["headers"]
        elif status in KEPT_STATUS:
            chunks.append(message.get("body", b""))

    await app(scope, receive, send)
    return status, [(name.lower(), value) for name, value in headers], chunks


def _page(at: float, status: int, headers: Headers, body: bytes) -> _Page | None:
    """The answer taken apart at its nonce; None when it is not one for everybody."""
    names = {name for name, _ in headers}
    # Django states the length of everything but a stream.
    if status not in KEPT_STATUS or b"set-cookie" in names or b"content-length" not in names:
        return None
    policy = _first(headers, b"content-security-policy").encode("latin1")
    found = _NONCE.search(policy)
    nonce = found.group(1) if found else b""
    pieces = body.split(nonce) if nonce else [body]
    vary = ", ".join(part for part in (_first(headers, b"vary"), "Accept-Encoding") if part)
    return _Page(
        at=at,
        status=status,
        headers=[header for header in headers if header[0] not in _OWN],
        vary=vary.encode("latin1"),
        policy=policy.split(nonce) if nonce else [policy],
        pieces=pieces,
        packed=_packed(pieces),
    )


def _packed(pieces: Iterable[bytes]) -> list[bytes]:
    """Each piece deflated by itself, up to a byte boundary; the last one ends the stream."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = [packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH) for piece in pieces]
    packed[-1] += packer.flush(zlib.Z_FINISH)
    return packed


def _takes_gzip(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    for name, value in headers:
        if name == b"accept-encoding":
            for part in value.lower().split(b","):
                coding, _, quality = part.strip().partition(b";")
                if coding.strip() == b"gzip":
                    return quality.replace(b" ", b"") not in {
                        b"q=0",
                        b"q=0.0",
                        b"q=0.00",
                        b"q=0.000",
                    }
    return False


def _first(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> str:
    return next((value.decode("latin1") for name, value in headers if name == wanted), "")
