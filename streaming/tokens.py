"""Signed rights that the origin can check without a database.

Publish: `<expires>.<epoch>.<signature>`, in the Authorization header.
Play: `<expires>-<signature>`, the first piece of the path, so that relative URLs inherit it.
Numbers are hexadecimal, signatures HMAC-SHA256 over purpose, stream and numbers.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

SIGNATURE_BYTES = 18


class TokenError(Exception):
    """`code` is bad_token or expired."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Signer:
    """`secret` is shared by Django and every origin process. Times are unix seconds."""

    secret: bytes

    def publish_token(self, *, stream: str, session: str, epoch: int, expires: int) -> str:
        signature = self._sign("publish", stream, session, f"{epoch:x}", f"{expires:x}")
        return f"{expires:x}.{epoch:x}.{signature}"

    def publish_epoch(self, token: str, *, stream: str, session: str, now: float) -> int:
        """The epoch that the token grants. Raises TokenError."""
        try:
            expires, epoch, signature = token.split(".")
        except ValueError:
            raise TokenError("bad_token") from None
        self._check(signature, expires, now, "publish", stream, session, epoch, expires)
        return int(epoch, 16)

    def play_token(self, *, stream: str, expires: int) -> str:
        return f"{expires:x}-{self._sign('play', stream, f'{expires:x}')}"

    def check_play(self, token: str, *, stream: str, now: float) -> None:
        """Raises TokenError."""
        expires, _, signature = token.partition("-")
        self._check(signature, expires, now, "play", stream, expires)

    def _check(self, signature: str, expires: str, now: float, *parts: str) -> None:
        # compare_digest refuses text outside ASCII, so compare bytes.
        expected = self._sign(*parts).encode()
        if not hmac.compare_digest(expected, signature.encode("utf-8", "surrogateescape")):
            raise TokenError("bad_token")
        if int(expires, 16) < now:
            raise TokenError("expired")

    def _sign(self, *parts: str) -> str:
        message = "\n".join(parts).encode("utf-8", "surrogateescape")
        digest = hmac.digest(self.secret, message, hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:SIGNATURE_BYTES]).decode()
