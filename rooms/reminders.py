"""People who want to hear of a scheduled show: told ten minutes before, when it begins, when it moves.

Each thing is told once: a round claims rows by a conditional UPDATE, commits, then writes the mails.
A process killed in between loses a mail and never sends two; the notice on the page comes from the
rows and is not lost.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from core import clock
from core.errors import Conflict
from rooms import calendar
from rooms.models import Reminder, Room
from rooms.states import ON_AIR

log = logging.getLogger(__name__)

SOON = timedelta(minutes=10)
# A show that has run for longer than this is no news.
FRESH = timedelta(minutes=30)
BATCH = 200


@transaction.atomic
def remind(*, room: Room, user: User) -> Reminder:
    """Tell `user` of the show. Asking again changes nothing. Raises Conflict when it is not planned."""
    # Shares the row with a plan that is just being changed.
    room = Room.objects.select_for_update(no_key=True).get(pk=room.pk)
    if room.state != "SCHEDULED" or room.scheduled_at is None:
        raise Conflict(_("This show is not scheduled."), code="not_scheduled")
    now = clock.now()
    # Who asks within the last minutes knows that it begins soon.
    soon = now if room.scheduled_at - now < SOON else None
    reminder, _made = Reminder.objects.get_or_create(
        room=room, user=user, defaults={"version": room.plan_version, "soon_at": soon}
    )
    return reminder


def forget(*, room: Room, user: User) -> None:
    """Do not tell `user`. Does nothing when they are not told anyway."""
    Reminder.objects.filter(room=room, user=user).delete()


def put_away(*, room: Room, user: User) -> None:
    """Show `user` this notice no more."""
    Reminder.objects.filter(room=room, user=user).update(put_away_at=clock.now())


def notices(user: Any) -> list[Reminder]:
    """What `user` should read on any page now: shows that begin soon or have just begun."""
    if user is None or not user.is_authenticated:
        return []
    now = clock.now()
    soon = Q(room__state="SCHEDULED", room__scheduled_at__lte=now + SOON, soon_at__isnull=False)
    running = Q(room__state__in=ON_AIR, room__started_at__gte=now - FRESH)
    rows = Reminder.objects.for_actor(user).filter(soon | running, put_away_at__isnull=True)
    return list(rows.select_related("room", "room__anchor").order_by("room__scheduled_at")[:3])


@dataclass(frozen=True)
class News:
    """`due`: the rows to tell; `mark`: what is written into them in the same statement."""

    due: Callable[[datetime], Q]
    mark: Callable[[datetime], dict[str, Any]]
    words: Callable[[Room], tuple[str, str]]


def tell_due() -> int:
    """One round, safe in any number of workers; returns the number of mails written."""
    return sum(_tell(news) for news in NEWS)


def _tell(news: News) -> int:
    told = 0
    while claimed := _claim(news):
        _write(claimed, news.words)
        told += len(claimed)
        if len(claimed) < BATCH:
            break
    return told


def _claim(news: News) -> Sequence[Reminder]:
    now = clock.now()
    with transaction.atomic():
        due: QuerySet[Reminder] = Reminder.objects.filter(news.due(now)).order_by("pk")
        free = due.select_for_update(skip_locked=True, of=("self",))[:BATCH]
        ids = list(free.values_list("pk", flat=True))
        if ids:
            Reminder.objects.filter(pk__in=ids).update(**news.mark(now))
    return list(Reminder.objects.filter(pk__in=ids).select_related("room", "room__anchor", "user"))


def _write(claimed: Sequence[Reminder], words: Callable[[Room], tuple[str, str]]) -> None:
    mails = []
    for reminder in claimed:
        with translation.override(reminder.user.language or settings.LANGUAGE_CODE):
            subject, text = words(reminder.room)
        mail = EmailMessage(
            settings.EMAIL_SUBJECT_PREFIX + " ".join(subject.split()),
            f"{text}\n\n{calendar.address(reminder.room)}\n",
            to=[reminder.user.email],
        )
        if reminder.room.state in {"SCHEDULED", "ARCHIVED"}:
            mail.attach("show.ics", calendar.entry(reminder.room), "text/calendar")
        mails.append(mail)
    try:
        get_connection().send_messages(mails)
    except OSError:
        log.exception("reminders not sent", extra={"mails": len(mails)})


def _when(room: Room) -> str:
    assert room.scheduled_at is not None
    local = timezone.localtime(room.scheduled_at)
    return f"{formats.date_format(local, 'DATETIME_FORMAT')} ({local:%Z})"


def _soon(room: Room) -> tuple[str, str]:
    facts = {"name": room.anchor.name, "title": room.title, "when": _when(room)}
    return (
        _("%(name)s goes live soon") % facts,
        _("“%(title)s” begins at %(when)s.") % facts,
    )


def _on_air(room: Room) -> tuple[str, str]:
    facts = {"name": room.anchor.name, "title": room.title}
    return _("%(name)s is live now") % facts, _("“%(title)s” has begun.") % facts


def _moved(room: Room) -> tuple[str, str]:
    facts = {"name": room.anchor.name, "title": room.title, "when": _when(room)}
    return (
        _("%(name)s has moved a show") % facts,
        _("“%(title)s” now begins at %(when)s. You will be reminded again.") % facts,
    )


def _called_off(room: Room) -> tuple[str, str]:
    facts = {"name": room.anchor.name, "title": room.title}
    return _("%(name)s has called off a show") % facts, _(
        "“%(title)s” will not take place."
    ) % facts


NEWS = (
    News(
        due=lambda now: Q(room__state="SCHEDULED", version__lt=F("room__plan_version")),
        mark=lambda now: {
            "version": Subquery(
                Room.objects.filter(pk=OuterRef("room_id")).values("plan_version")[:1]
            ),
            "soon_at": None,
            "put_away_at": None,
        },
        words=_moved,
    ),
    News(
        due=lambda now: Q(
            room__state="SCHEDULED",
            room__scheduled_at__lte=now + SOON,
            room__scheduled_at__gt=now,
            soon_at__isnull=True,
        ),
        mark=lambda now: {"soon_at": now},
        words=_soon,
    ),
    News(
        due=lambda now: Q(
            room__state__in=ON_AIR, room__started_at__gte=now - FRESH, on_air_at__isnull=True
        ),
        mark=lambda now: {"on_air_at": now, "put_away_at": None},
        words=_on_air,
    ),
    News(
        due=lambda now: Q(
            room__state="ARCHIVED", room__started_at__isnull=True, called_off_at__isnull=True
        ),
        mark=lambda now: {"called_off_at": now},
        words=_called_off,
    ),
)
