"""Celery entry points of the ground floor."""

from celery import shared_task

from core import deadlines, health


@shared_task
def heartbeat() -> None:
    health.beat("worker")


@shared_task
def fire_deadlines() -> None:
    deadlines.fire_due()
