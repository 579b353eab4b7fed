"""Fires what is due. Called every few seconds; several callers share the work safely."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F

from core import clock
from core.models import Deadline
from core.states import MACHINES

log = logging.getLogger(__name__)


def fire_due(limit: int = 200) -> int:
    """Fire up to `limit` passed deadlines, each in its own transaction; returns how many worked.

    Locks one Deadline row at a time with SKIP LOCKED. One that fails is put off by a minute for
    each attempt (at most an hour), so a broken object cannot starve the rest.
    """
    fired = 0
    for _ in range(limit):
        outcome = _fire_next()
        if outcome is None:
            break
        fired += outcome
    return fired


def _fire_next() -> bool | None:
    with transaction.atomic():
        row = (
            Deadline.objects.select_for_update(skip_locked=True)
            .filter(paused=False, due_at__lte=clock.now(), machine__in=list(MACHINES))
            .order_by("due_at")
            .first()
        )
        if row is None:
            return None
        before = row.due_at
        try:
            with transaction.atomic():
                MACHINES[row.machine].fire(row)
                # A handler that decided to stay put must not be asked again at once.
                Deadline.objects.filter(pk=row.pk, state=row.state, due_at=before).delete()
        except Exception as error:
            log.exception("deadline failed", extra={"deadline": str(row)})
            Deadline.objects.filter(pk=row.pk).update(
                attempts=F("attempts") + 1,
                due_at=clock.now() + timedelta(minutes=min(60, row.attempts + 1)),
                last_error=repr(error)[:2000],
            )
            return False
    return True
