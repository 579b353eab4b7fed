"""Celery entry points."""

from celery import shared_task

from rooms import watch


@shared_task
def watch_streams() -> None:
    watch.watch_streams()
