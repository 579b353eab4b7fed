"""Looks after rooms that no event moves: silent streams, shows without a picture, late recordings."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.db.models import CharField, F
from django.db.models.functions import Cast, Lower

from core import clock
from core.actors import SYSTEM
from core.errors import DomainError
from rooms import actions
from rooms.models import Room
from streaming import reports

log = logging.getLogger(__name__)

# A show that was opened but never had a picture closes after this long.
NO_PICTURE = timedelta(minutes=30)
REPLAY_PATIENCE = timedelta(hours=1)


def watch_streams() -> None:
    """One round, safe in any number of workers; a room that fails does not stop the others."""
    reports.interrupt_silent()
    stream_state = Lower(Cast(F("stream__state"), CharField()))
    out_of_step = (
        Room.objects.on_air().annotate(picture=stream_state).exclude(video_state=F("picture"))
    )
    for key in out_of_step.values_list("stream__key", flat=True):
        _try(partial(actions.video_changed, stream_key=key))
    now = clock.now()
    forgotten = Room.objects.filter(
        state="LIVE", video_state=Room.Video.WAITING, started_at__lt=now - NO_PICTURE
    )
    for room in forgotten:
        _try(partial(actions.end_room, room=room, actor=SYSTEM))
    for room in Room.objects.filter(state="ENDED", ended_at__gt=now - REPLAY_PATIENCE):
        _try(partial(actions.open_replay, room=room))


def _try(work: Callable[[], object]) -> None:
    try:
        work()
    except DomainError as error:
        log.info("room moved by somebody else", extra={"error": str(error)})
