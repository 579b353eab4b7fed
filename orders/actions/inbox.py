"""Webhooks: verified and kept first, answered, then acted on."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from core import clock
from core.errors import Busy, Invalid
from orders import metrics
from orders.actions.payments import settle_payment
from orders.models import WebhookInbox
from orders.payments.contract import BadSignature, Misconfigured
from orders.payments.registry import provider

log = logging.getLogger(__name__)

LONGEST_PAUSE = timedelta(minutes=10)


class Forged(Invalid):
    """A webhook that the provider did not sign, or signed too long ago."""

    status = 400
    code = "bad_signature"


def take_webhook(*, code: str, headers: Mapping[str, str], body: bytes) -> WebhookInbox:
    """Verify and keep a webhook, then act on it right after the commit.

    Trouble in acting on it is not the sender's: it stays in the inbox and is tried again. Raises
    NotFound for an unknown provider, Forged for what it did not sign.
    """
    try:
        provider(code).parse_webhook(headers, body, now=clock.now())
    except BadSignature as error:
        metrics.WEBHOOKS.labels("refused").inc()
        raise Forged(_("The webhook is refused: %s.") % error) from error
    except Misconfigured as error:
        log.exception("webhook cannot be verified", extra={"provider": code})
        raise Busy(_("This provider is not set up here."), retry_after=60) from error
    with transaction.atomic():
        row = WebhookInbox.objects.create(
            provider=code, body=body.decode(), received_at=clock.now()
        )
        transaction.on_commit(lambda: process_webhook(inbox_id=row.pk), robust=True)
    return row


def process_webhooks(*, limit: int = 100) -> int:
    """Act on up to `limit` waiting webhooks, the oldest first; returns how many were taken up."""
    waiting = WebhookInbox.objects.filter(
        processed_at__isnull=True, next_attempt_at__lte=clock.now()
    ).order_by("id")
    return sum(process_webhook(inbox_id=pk) for pk in waiting.values_list("pk", flat=True)[:limit])


def process_webhook(*, inbox_id: int) -> bool:
    """Act on one webhook unless somebody does already; effect and proof commit together."""
    with transaction.atomic():
        row = (
            WebhookInbox.objects.select_for_update(skip_locked=True)
            .filter(pk=inbox_id, processed_at__isnull=True)
            .first()
        )
        if row is None:
            return False
        try:
            with transaction.atomic():
                for event in provider(row.provider).read_body(row.body):
                    settle_payment(code=row.provider, event=event)
        except Exception as error:
            log.exception("webhook failed", extra={"webhook": row.pk})
            row.attempts += 1
            row.last_error = repr(error)[:2000]
            pause = min(timedelta(seconds=2 ** min(row.attempts, 10)), LONGEST_PAUSE)
            row.next_attempt_at = clock.now() + pause
        else:
            row.processed_at = clock.now()
            row.last_error = ""
        row.save()
    metrics.WEBHOOKS.labels("processed" if row.processed_at else "failed").inc()
    return True
