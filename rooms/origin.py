"""Which pages may open a socket: our own, never those of another site."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host


class OwnOrigin:
    """Refuses a handshake whose Origin is neither the host it was sent to nor an allowed host.

    A wildcard in ALLOWED_HOSTS says which names we answer to, not whose pages we trust. Programs
    that are no browsers send no Origin and carry no cookies of others.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if allowed(scope):
            await self.inner(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 4003})


def allowed(scope: dict[str, Any]) -> bool:
    """Whether the handshake comes from one of our own pages, or from no page at all."""
    headers = dict(scope["headers"])
    host = headers.get(b"host", b"").decode("latin1").lower()
    if not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        return False
    if b"origin" not in headers:
        return True
    try:
        origin = urlsplit(headers[b"origin"].decode("latin1").lower()).netloc
    except ValueError:
        return False
    named = [name for name in settings.ALLOWED_HOSTS if name != "*"]
    return bool(origin) and (origin == host or validate_host(split_domain_port(origin)[0], named))
