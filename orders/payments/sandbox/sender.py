"""Sends the sandbox's webhooks over HTTP, signed, until they are taken."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta

import httpx
from django.conf import settings
from django.db import transaction

from core import clock
from core.wakeup import wake
from orders.models import SandboxWebhook
from orders.payments import signing

log = logging.getLogger(__name__)

PATH = "/api/v1/payments/webhooks/sandbox"
TIMEOUT_SECONDS = 10
LONGEST_PAUSE = timedelta(minutes=1)


def post_over_http(path: str, body: bytes, headers: Mapping[str, str]) -> int:
    """POST to our own public address; returns the status. Raises httpx.HTTPError."""
    answer = httpx.post(
        settings.BASE_URL + path,
        content=body,
        headers={**headers, "content-type": "application/json"},
        timeout=TIMEOUT_SECONDS,
        trust_env=False,
    )
    return answer.status_code


# Tests put the Django test client here.
post: Callable[[str, bytes, Mapping[str, str]], int] = post_over_http


def send_due(limit: int = 50) -> int:
    """Send up to `limit` due webhooks; returns how many were taken.

    Each is claimed with SKIP LOCKED for the length of its request, so two senders never send one
    at the same time, and one killed in between leaves it to the next.
    """
    taken = 0
    for _ in range(limit):
        outcome = _send_next()
        if outcome is None:
            break
        taken += outcome
    return taken


def _send_next() -> bool | None:
    with transaction.atomic():
        row = (
            SandboxWebhook.objects.select_for_update(skip_locked=True)
            .filter(sent_at__isnull=True, due_at__lte=clock.now())
            .order_by("due_at", "id")
            .first()
        )
        if row is None:
            return None
        body = json.dumps(row.body, sort_keys=True, separators=(",", ":")).encode()
        headers = signing.sign(
            secret=settings.SANDBOX_WEBHOOK_SECRET,
            event_id=row.event_id,
            at=clock.now(),
            body=body,
        )
        try:
            status = post(PATH, body, headers)
        except httpx.HTTPError as error:
            log.info("sandbox webhook not taken", extra={"event": row.event_id, "why": str(error)})
            status = 0
        row.attempts += 1
        if 200 <= status < 300:
            row.sent_at = clock.now()
        else:
            pause = min(timedelta(seconds=2 ** min(row.attempts, 8)), LONGEST_PAUSE)
            row.due_at = clock.now() + pause
        row.save()
        return row.sent_at is not None


def wake_up() -> None:
    """Ask a worker to send now; without a broker the scheduler's next second does it."""
    wake("orders.tasks.send_sandbox_webhooks")
