"""Calls to Stripe's API: form-encoded, with a key per logical action, and errors in our words."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
from django.conf import settings

from orders.payments.contract import Declined, Misconfigured, Retryable

# The form of objects and webhooks that this code was written for.
API_VERSION = "2025-03-31.basil"
# A buyer waits for the answer: one more try, the rest is for `repair_payments`.
ATTEMPTS = 2
PAUSE_SECONDS = 0.3
PAGE = 100


class Refused(Declined):
    """A request that Stripe understood and will not carry out; `code` is Stripe's."""

    def __init__(self, message: str, code: str, status: int) -> None:
        super().__init__(message)
        self.code, self.status = code, status


def get(path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """GET one object. Raises Refused, Retryable, Misconfigured."""
    return _call("GET", path, params=_flat(params or {}))


def post(path: str, data: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """POST under the idempotency key `key`: repeated, it has the effect and answer of the first.

    Raises Refused, Retryable (after a second try with the same key), Misconfigured.
    """
    return _call("POST", path, data=_flat(data), key=key)


def pages(path: str, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every object of a list, page by page."""
    after: dict[str, str] = {}
    while True:
        page = get(path, {**params, "limit": PAGE, **after})
        yield from page["data"]
        if not page.get("has_more") or not page["data"]:
            return
        after = {"starting_after": page["data"][-1]["id"]}


def _call(method: str, path: str, *, key: str = "", **content: Any) -> dict[str, Any]:
    if not settings.STRIPE_SECRET_KEY:
        raise Misconfigured("Set STRIPE_SECRET_KEY to the secret key of your Stripe account.")
    headers = {
        "authorization": f"Bearer {settings.STRIPE_SECRET_KEY}",
        "stripe-version": API_VERSION,
    }
    if key:
        headers["idempotency-key"] = key
    trouble: Retryable | None = None
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE_SECONDS)
        try:
            answer = httpx.request(
                method,
                settings.STRIPE_API_URL + path,
                headers=headers,
                timeout=settings.PAYMENT_TIMEOUT_SECONDS,
                **content,
            )
            return _read(answer)
        except httpx.HTTPError as error:
            trouble = Retryable(f"Stripe did not answer: {error!r}")
        except Retryable as error:
            trouble = error
    raise trouble or Retryable("Stripe was not asked.")


def _read(answer: httpx.Response) -> dict[str, Any]:
    status = answer.status_code
    # 409: the same key is being worked on; 429: too many requests.
    if status >= 500 or status in {409, 429}:
        raise Retryable(f"Stripe answered {status}.")
    try:
        body = answer.json()
    except ValueError:
        raise Retryable(f"Stripe answered {status} without JSON.") from None
    if status < 300 and isinstance(body, dict):
        return body
    error = body.get("error") if isinstance(body, dict) else None
    error = error if isinstance(error, dict) else {}
    message = str(error.get("message") or f"Stripe answered {status}.")
    code = str(error.get("code") or error.get("type") or "")
    if status in {401, 403} or error.get("type") == "idempotency_error":
        raise Misconfigured(message)
    raise Refused(message, code, status)


def _flat(data: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """`{"a": {"b": 1}}` as Stripe's `a[b]=1`; lists count from 0."""
    flat: dict[str, str] = {}
    for name, value in data.items():
        full = f"{prefix}[{name}]" if prefix else str(name)
        if isinstance(value, list):
            value = {str(index): item for index, item in enumerate(value)}
        if isinstance(value, Mapping):
            flat |= _flat(value, full)
        else:
            flat[full] = str(value).lower() if isinstance(value, bool) else str(value)
    return flat
