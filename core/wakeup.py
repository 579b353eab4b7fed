"""Asks a worker to look at waiting rows now. Only a hint: the scheduler comes round anyway."""

from __future__ import annotations

import logging

from celery import current_app
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

# A hint that nobody took up by then is stale: the scheduler has been there.
EXPIRES_SECONDS = 10


def wake(task: str) -> None:
    """Send the named task without waiting for it; a broker that is away costs only time.

    Does nothing in eager mode, where no worker listens.
    """
    if current_app.conf.task_always_eager:
        return
    try:
        current_app.send_task(task, expires=EXPIRES_SECONDS, retry=False)
    except (OperationalError, RedisError, OSError):
        log.warning("broker away, leaving it to the scheduler", extra={"task": task})
