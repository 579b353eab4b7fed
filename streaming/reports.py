"""What the origin reports, written down: one short transaction each, with the event it means."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import transaction

from core import clock, events
from streaming.events import StreamInterrupted, StreamResumed, StreamStarted
from streaming.models import PublishSession, Stream
from streaming.states import STREAM

# The origin says every five seconds which streams it hears; a killed one says nothing.
SILENT_AFTER: Final = timedelta(seconds=15)


def record_on_air(key: str) -> None:
    """Parts arrive. Locks the stream's row; does nothing when it is live already.

    A show that was over before this could be written is only marked as having been on air.
    """
    with transaction.atomic():
        stream = Stream.objects.select_for_update().filter(key=key).first()
        if stream is None or stream.state == "LIVE":
            return
        now = clock.now()
        if stream.is_over:
            Stream.objects.filter(pk=stream.pk, started_at=None).update(started_at=now)
            return
        if stream.state == "WAITING":
            STREAM.move(stream, "LIVE", why="first part", started_at=now, last_part_at=now)
            events.publish(StreamStarted(stream.key))
        else:
            STREAM.move(stream, "LIVE", why="parts again", last_part_at=now)
            events.publish(StreamResumed(stream.key))


def record_off_air(key: str) -> None:
    """No parts any more. Locks the stream's row; does nothing unless it is live."""
    with transaction.atomic():
        stream = Stream.objects.select_for_update().filter(key=key).first()
        if stream is None or stream.state != "LIVE":
            return
        STREAM.move(stream, "AWAY", why="no parts")
        events.publish(StreamInterrupted(stream.key))


def record_session_started(key: str, session: str) -> None:
    """The session's init was accepted: it publishes, and older ones do not any more."""
    with transaction.atomic():
        now = clock.now()
        sessions = PublishSession.objects.filter(stream__key=key)
        sessions.filter(session=session, started_at=None).update(started_at=now)
        sessions.filter(started_at__isnull=False, ended_at=None).exclude(session=session).update(
            ended_at=now
        )


def record_session_ended(key: str, session: str) -> None:
    PublishSession.objects.filter(stream__key=key, session=session, ended_at=None).update(
        ended_at=clock.now()
    )


def record_alive(recorded: dict[str, int]) -> None:
    """Streams heard in the last seconds, with the milliseconds recorded so far."""
    now = clock.now()
    with transaction.atomic():
        for key, milliseconds in sorted(recorded.items()):
            Stream.objects.filter(key=key, state="LIVE").update(
                last_part_at=now, recorded_ms=milliseconds
            )


def record_length(key: str, milliseconds: int) -> None:
    """The final length of an ended stream's recording."""
    Stream.objects.filter(key=key).update(recorded_ms=milliseconds)


def interrupt_silent() -> int:
    """Move streams whose origin died without a word from LIVE to AWAY; returns how many.

    For a schedule of some seconds; the floor above that follows streams calls it in its round.
    """
    silent = Stream.objects.filter(
        state="LIVE", last_part_at__lt=clock.now() - SILENT_AFTER
    ).values_list("key", flat=True)
    keys = list(silent[:500])
    for key in keys:
        record_off_air(key)
    return len(keys)
