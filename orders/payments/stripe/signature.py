"""The `Stripe-Signature` header: `t=<seconds>,v1=<hex>[,v1=<hex>…]`, HMAC-SHA256 over `t.body`."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

from orders.payments.contract import BadSignature, Misconfigured

TOLERANCE = timedelta(minutes=5)
HEADER = "stripe-signature"


def digest(*, secret: str, stamp: str, body: bytes) -> str:
    """One `v1` signature in hex."""
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def verify(*, secrets: Sequence[str], header: str, body: bytes, now: datetime) -> None:
    """Check that one of `secrets` signed `body` not longer than five minutes ago.

    While a secret is rolled Stripe signs with the old and the new one, and we may know both: any
    pair that matches will do. Other schemes than v1 are not read, so nobody can choose a weaker
    one. Raises BadSignature, and Misconfigured when no secret is set.
    """
    if not secrets:
        raise Misconfigured("Set STRIPE_WEBHOOK_SECRETS to the signing secret of the endpoint.")
    parts = [item.strip().partition("=") for item in header.split(",")]
    stamps = [value for name, _sign, value in parts if name == "t"]
    given = [value.encode() for name, _sign, value in parts if name == "v1"]
    if len(stamps) != 1 or not given:
        raise BadSignature("the signature header is missing or incomplete")
    (stamp,) = stamps
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 11:
        raise BadSignature("the timestamp is no number")
    expected = [digest(secret=secret, stamp=stamp, body=body).encode() for secret in secrets]
    if not any(hmac.compare_digest(ours, theirs) for ours in expected for theirs in given):
        raise BadSignature("the signature does not match")
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        raise BadSignature("the timestamp is outside the window of five minutes")
