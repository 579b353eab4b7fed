"""What can be done with a stream. Each action is one transaction; the origin hears at the commit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, Literal, cast

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import User
from core import clock, events
from core.actors import SYSTEM, Actor
from core.errors import Conflict, Invalid, NotFound
from streaming.backends import PublishGrant, Recording, Source, backend
from streaming.events import StreamEnded
from streaming.models import Marker, PublishSession, Stream
from streaming.states import STREAM

# Longer than any show: an expired token would cut the picture off.
PUBLISH_TTL: Final = timedelta(hours=12)
PLAY_TTL: Final = timedelta(hours=12)
PAYLOAD_MAX_BYTES: Final = 2000

Status = Literal["waiting", "live", "away", "ended"]


def create_stream(*, owner: User) -> Stream:
    """A new stream of `owner`, with a random public key."""
    with transaction.atomic():
        stream = Stream.objects.create(owner=owner)
        STREAM.start(stream, actor=Actor("owner", owner.pk, str(owner)))
        backend().provision(stream)
    return stream


def grant_publish(*, stream: Stream, user: User) -> PublishGrant:
    """The right to publish one session, newer than all before; its first init takes the stream over.

    Raises NotFound for anyone but the owner, Conflict (ended, held). Locks the stream's row.
    """
    if stream.owner_id != user.pk:
        raise NotFound(_("There is no such stream."))
    with transaction.atomic():
        locked = Stream.objects.select_for_update().get(pk=stream.pk)
        if locked.is_over:
            raise Conflict(_("The stream is over. Open a new room to go live."), code="ended")
        if locked.held_at is not None:
            raise Conflict(_("The platform has suspended this show."), code="held")
        locked.epoch += 1
        locked.save(update_fields=["epoch"])
        session = PublishSession.objects.create(
            stream=locked, epoch=locked.epoch, expires_at=clock.now() + PUBLISH_TTL
        )
        return backend().publish_grant(locked, session)


def playback(*, stream: Stream) -> list[Source]:
    """Signed addresses to watch, best first; whoever has one can watch until it expires."""
    return backend().playback(stream, PLAY_TTL)


def still(*, stream: Stream) -> str | None:
    """A signed address of the newest still picture, for whoever saves data."""
    return backend().still(stream, PLAY_TTL)


def replay(*, stream: Stream) -> Source | None:
    """Where the replay is; None before the end, or when nothing was on air."""
    found = recording(stream=stream)
    return found.source if found else None


def recording(*, stream: Stream) -> Recording | None:
    """As `replay`, with the addresses of chapters and download."""
    return backend().recording(stream, PLAY_TTL)


def add_marker(
    *, stream: Stream, kind: str, label: str, ref: str, payload: dict[str, Any] | None = None
) -> Marker:
    """Remember this moment: a chapter of the replay, and a DATERANGE in the live playlist.

    All of it is public to viewers. Raises Invalid when the payload is over 2000 bytes of JSON.
    """
    marker = Marker(
        stream=stream,
        kind=kind,
        label=label[:160],
        ref=ref[:80],
        payload=payload or {},
        at=clock.now(),
    )
    if len(str(marker.payload)) > PAYLOAD_MAX_BYTES:
        raise Invalid(_("A marker carries at most 2000 bytes."))
    with transaction.atomic():
        marker.save()
        backend().tell(stream)
    return marker


def revoke_publishers(*, stream: Stream) -> None:
    """Make every publishing token issued so far worthless; the stream stays open for a new grant."""
    with transaction.atomic():
        Stream.objects.filter(pk=stream.pk).update(revoked_epoch=F("epoch"))
        backend().tell(stream)
    stream.refresh_from_db(fields=["epoch", "revoked_epoch"])


def hold_stream(*, stream: Stream) -> None:
    """Cut the publisher off and grant nobody publishing until `release_stream`. Idempotent."""
    with transaction.atomic():
        Stream.objects.filter(pk=stream.pk).update(held_at=clock.now(), revoked_epoch=F("epoch"))
        backend().tell(stream)
    stream.refresh_from_db(fields=["epoch", "revoked_epoch", "held_at"])


def release_stream(*, stream: Stream) -> None:
    """Its owner may ask for a publishing grant again. Idempotent."""
    Stream.objects.filter(pk=stream.pk).update(held_at=None)
    stream.held_at = None


def end_stream(*, stream: Stream, actor: Actor = SYSTEM) -> None:
    """Over for good: tokens are refused from the commit on and the replay opens. Idempotent.

    Locks the stream's row.
    """
    with transaction.atomic():
        locked = Stream.objects.select_for_update().get(pk=stream.pk)
        if not locked.is_over:
            now = clock.now()
            STREAM.move(
                locked,
                "ENDED",
                actor=actor,
                why="ended",
                ended_at=now,
                epoch=locked.epoch + 1,
                revoked_epoch=locked.epoch + 1,
            )
            locked.sessions.filter(started_at__isnull=False, ended_at=None).update(ended_at=now)
            events.publish(StreamEnded(locked.key))
            backend().stop(locked)
    stream.refresh_from_db()


def status(stream: Stream) -> Status:
    """What viewers see: waiting, live, away (it may come back) or ended."""
    return cast(Status, stream.state.lower())
