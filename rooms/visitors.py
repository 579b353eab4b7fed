"""What a raw ASGI request says of who comes: cookies and language, as Django would read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.http import HttpRequest, parse_cookie
from django.utils import translation

Headers = Iterable[tuple[bytes, bytes]]


def cookies_of(headers: Headers) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        if name == b"cookie":
            found.update(parse_cookie(value.decode("latin1")))
    return found


def language_of(headers: Headers, cookies: Mapping[str, str]) -> str:
    """The language of Django's LocaleMiddleware for this request."""
    request = HttpRequest()
    request.COOKIES = dict(cookies)
    for name, value in headers:
        if name == b"accept-language":
            request.META["HTTP_ACCEPT_LANGUAGE"] = value.decode("latin1")
    return translation.get_language_from_request(request)
