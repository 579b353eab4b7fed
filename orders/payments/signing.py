"""Webhook signatures: HMAC-SHA256 over `id.timestamp.body`, with a window against replay."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from orders.payments.contract import BadSignature, Misconfigured

WINDOW = timedelta(minutes=5)
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


def sign(*, secret: str, event_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers that prove who sent `body`. Raises Misconfigured without a secret."""
    stamp = str(int(at.timestamp()))
    return {
        ID: event_id,
        TIMESTAMP: stamp,
        SIGNATURE: f"v1,{_digest(secret, event_id, stamp, body)}",
    }


def verify(*, secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Check the headers against `body` and return the event id.

    `headers` may be in any case. Raises BadSignature for a missing, wrong, stale or future one.
    """
    named = {name.lower(): value for name, value in headers.items()}
    event_id, stamp = named.get(ID, ""), named.get(TIMESTAMP, "")
    expected = f"v1,{_digest(secret, event_id, stamp, body)}"
    given = named.get(SIGNATURE, "").split(" ")
    if not event_id or not any(
        hmac.compare_digest(expected.encode(), one.encode()) for one in given
    ):
        raise BadSignature("the signature does not match")
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 11:
        raise BadSignature("the timestamp is no number")
    if abs(now.timestamp() - int(stamp)) > WINDOW.total_seconds():
        raise BadSignature("the timestamp is outside the window of five minutes")
    return event_id


def _digest(secret: str, event_id: str, stamp: str, body: bytes) -> str:
    if not secret:
        raise Misconfigured("no webhook secret is set")
    message = f"{event_id}.{stamp}.".encode() + body
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()
