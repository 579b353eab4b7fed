"""Celery entry points."""

from celery import shared_task

from rooms import letters, reminders, watch


@shared_task
def watch_streams() -> None:
    watch.watch_streams()


@shared_task
def tell_reminders() -> None:
    reminders.tell_due()


@shared_task
def send_letters() -> None:
    letters.send_due()
