"""Errors a person can act on. Each knows its HTTP status and renders as an RFC 9457 problem document."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class DomainError(Exception):
    """A refused request. `detail` says what to do; `code` is stable and machine-readable."""

    status = 422
    code = "invalid"
    title: Text = _("The request cannot be carried out")

    def __init__(self, detail: Text = "", *, code: str = "", **extra: Any) -> None:
        self.detail = detail
        self.code = code or self.code
        self.extra = extra
        super().__init__(str(detail) or str(self.title))

    def problem(self) -> dict[str, Any]:
        return {
            "type": f"urn:liveshop:problem:{self.code}",
            "title": str(self.title),
            "status": self.status,
            "detail": str(self.detail) or str(self.title),
            "code": self.code,
            **self.extra,
        }


class Invalid(DomainError):
    """The input breaks a rule."""


class NotFound(DomainError):
    """Missing, or another's: the two are never told apart."""

    status = 404
    code = "not_found"
    title = _("Not found")


class Forbidden(DomainError):
    """The actor may see this but not do it."""

    status = 403
    code = "forbidden"
    title = _("Not allowed")


class Conflict(DomainError):
    """The object has moved on; read it again."""

    status = 409
    code = "conflict"
    title = _("The state has changed")


class IllegalMove(Conflict):
    """A state move that the table does not have."""

    code = "illegal_move"


class InFlight(Conflict):
    """A request with the same idempotency key is running now."""

    code = "in_flight"
    title = _("A request with this key is running")


class KeyReused(DomainError):
    """The idempotency key was used for another request."""

    code = "key_reused"
    title = _("The idempotency key belongs to another request")


class TooMany(DomainError):
    """A rate limit; `retry_after` is in seconds."""

    status = 429
    code = "too_many"
    title = _("Too many requests")


class SoldOut(Conflict):
    code = "sold_out"
    title = _("Sold out")


class Busy(DomainError):
    """Overload; try again after `retry_after` seconds."""

    status = 503
    code = "busy"
    title = _("Busy")
