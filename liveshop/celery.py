"""The Celery application. Tasks only wake actions up; nothing is lost with the broker."""

import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault(
    "DJANGO_SETTINGS_MODULE",
    f"liveshop.settings.{os.environ.get('LIVESHOP_ENV', 'development')}",
)

from django.conf import settings

app = Celery("liveshop")
# The current app is a thread's own; without a default, other threads would get a bare one.
app.set_default()
app.conf.update(settings.CELERY)
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Celery would replace the log set-up of `core.logs`; an attached receiver stops it."""
