"""Celery entry points."""

from celery import shared_task

from streaming import reports


@shared_task
def interrupt_silent() -> None:
    reports.interrupt_silent()
