"""Celery entry points: each looks at waiting rows and calls one action."""

from __future__ import annotations

from celery import shared_task

from orders import actions
from orders.payments.sandbox import sender


@shared_task
def expire_unpaid() -> None:
    actions.expire_unpaid()


@shared_task
def process_webhooks() -> None:
    actions.process_webhooks()


# Shorter than the broker waits for an acknowledgement: never two of them at once.
@shared_task(soft_time_limit=840, time_limit=870)
def reconcile_payments() -> None:
    actions.reconcile_recent()


@shared_task
def repair_payments() -> None:
    actions.repair_payments()


@shared_task
def send_sandbox_webhooks() -> None:
    sender.send_due()
