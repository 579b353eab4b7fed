"""Mails to anchors and viewers about whom something was decided.

A letter is a row written in the transaction of the decision, so none is owed for what did not
happen and none is lost. A sender claims one row for a while, commits, mails, and marks it sent. A
sender killed in between leaves the row to the next one; only if it dies between the mail server's
yes and the mark is the letter mailed again, under the same Message-ID.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.urls import reverse
from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from core import clock
from rooms.models import Appeal, Letter, RoomDecision, Sanction
from rooms.states import APPEAL_ANSWER, GRACE

log = logging.getLogger(__name__)

Kind = Letter.Kind
# Longer than one mail may take (EMAIL_TIMEOUT), doubled with every attempt.
CLAIM = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=6)
ATTEMPTS_MOST = 16
ROUND = 200
# A shorter mute is over before the mail is read.
WORTH_A_MAIL = timedelta(days=1)


@dataclass(frozen=True)
class News:
    """For whom, and what: subject and paragraphs, written in the language that is active then."""

    reader: User
    words: Callable[[], tuple[str, list[str]]]


def owe(kind: str, ref: int) -> None:
    """Write the letter down, in the caller's transaction. Does nothing when it is owed already."""
    Letter.objects.bulk_create([Letter(kind=kind, ref=ref)], ignore_conflicts=True)


def owe_sanction(given: Sanction) -> None:
    """As `owe`, if the sanction lasts long enough for a mail to be of use."""
    if given.until is None or given.until - clock.now() >= WORTH_A_MAIL:
        owe(Kind.SANCTIONED, given.pk)


def send_due() -> int:
    """One round, safe in any number of workers; returns how many were sent.

    Locks one free Letter at a time and holds no lock while it mails.
    """
    sent = 0
    for _number in range(ROUND):
        letter = _claim()
        if letter is None:
            break
        sent += _send(letter)
    return sent


def _claim() -> Letter | None:
    now = clock.now()
    with transaction.atomic():
        owed = Letter.objects.filter(
            sent_at__isnull=True, due_at__lte=now, attempts__lt=ATTEMPTS_MOST
        )
        letter = owed.select_for_update(skip_locked=True).order_by("due_at").first()
        if letter is None:
            return None
        letter.due_at = now + min(CLAIM * 2**letter.attempts, LONGEST_WAIT)
        letter.attempts += 1
        letter.save(update_fields=["due_at", "attempts"])
    return letter


def _send(letter: Letter) -> bool:
    try:
        mail = _mail(letter)
        if mail is None:
            # Nobody to read it, or it is over already.
            letter.delete()
            return False
        get_connection().send_messages([mail])
    except Exception:
        # Whatever is wrong with one letter must not keep back the others; it is tried again.
        log.exception("letter not sent", extra={"letter": str(letter), "try": letter.attempts})
        return False
    Letter.objects.filter(pk=letter.pk).update(sent_at=clock.now())
    return True


def _mail(letter: Letter) -> EmailMessage | None:
    news = _NEWS[letter.kind](letter.ref)
    if news is None or not news.reader.email:
        return None
    with translation.override(news.reader.language or settings.LANGUAGE_CODE):
        subject, paragraphs = news.words()
    host = urlsplit(settings.BASE_URL).hostname
    return EmailMessage(
        settings.EMAIL_SUBJECT_PREFIX + " ".join(subject.split()),
        "\n\n".join([*paragraphs, settings.BASE_URL + reverse("sanctions")]) + "\n",
        to=[news.reader.email],
        headers={"Message-ID": f"<letter-{letter.pk}@{host}>"},
    )


def _when(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{formats.date_format(local, 'DATETIME_FORMAT')} ({local:%Z})"


def _reason(text: str) -> list[str]:
    return [_("Reason: %s") % text] if text else []


def _may_appeal() -> str:
    return _(
        "You may appeal once. The platform answers within %(hours)d hours; if it does not, you win."
    ) % {"hours": APPEAL_ANSWER // timedelta(hours=1)}


def _come_back() -> str:
    return _("Go live again within %(minutes)d minutes from then, or the show is over.") % {
        "minutes": GRACE // timedelta(minutes=1)
    }


def _go_on() -> str:
    return _("Your show may go on: go live again at once, before it is over.")


def _decided(ref: int) -> News:
    made = RoomDecision.objects.select_related("room__anchor").get(pk=ref)
    return News(made.room.anchor, partial(_decision, made))


def _decision(made: RoomDecision) -> tuple[str, list[str]]:
    show = {"title": made.room.title}
    kind = RoomDecision.Kind
    if made.kind == kind.WARN:
        subject = _("The platform warns you about “%(title)s”") % show
        effect = [_("Viewers are not told of it.")]
    elif made.kind == kind.LIMIT:
        subject = _("The platform has limited “%(title)s”") % show
        effect = [_("The show is not recommended to anybody; its address still works.")]
    elif made.kind == kind.SUSPEND:
        assert made.until is not None
        subject = _("The platform has suspended “%(title)s”") % show
        effect = [
            _("Picture, chat and sales have stopped. Orders are not touched."),
            _("The suspension ends at %s.") % _when(made.until) + " " + _come_back(),
        ]
    else:
        subject = _("The platform has ended “%(title)s”") % show
        effect = [_("Nothing more is sold in it. Orders are not touched.")]
    return subject, [*_reason(made.reason), *effect, _may_appeal()]


def _restored(ref: int) -> News:
    made = RoomDecision.objects.select_related("room__anchor").get(pk=ref)
    return News(made.room.anchor, partial(_restoration, made))


def _restoration(made: RoomDecision) -> tuple[str, list[str]]:
    show = {"title": made.room.title}
    if made.kind != RoomDecision.Kind.SUSPEND:
        subject = _("Nothing stands against “%(title)s” any more") % show
        lines = [_("The platform has taken back what it had decided.")]
        if made.room.state == "TERMINATED":
            lines.append(_("A show that was ended stays over. You may open a new one."))
        return subject, lines
    assert made.lifted_at is not None
    over = _("The suspension ended at %s.") % _when(made.lifted_at)
    return _("“%(title)s” may go on") % show, [f"{over} {_come_back()}"]


def _sanctioned(ref: int) -> News | None:
    given = Sanction.objects.select_related("anchor", "user").get(pk=ref)
    return News(given.user, partial(_sanction, given)) if given.stands else None


def _sanction(given: Sanction) -> tuple[str, list[str]]:
    whose = {"name": given.anchor.name}
    if given.kind == Sanction.Kind.MUTE:
        subject = _("You may not write in the rooms of %(name)s") % whose
    else:
        subject = _("You may not enter the rooms of %(name)s") % whose
    end = _("It ends at %s.") % _when(given.until) if given.until else _("It has no end.")
    return subject, [*_reason(given.reason), end, _may_appeal()]


def _answered(ref: int) -> News:
    about = ("decision__room__anchor", "sanction__anchor", "sanction__user")
    made = Appeal.objects.select_related(*about).get(pk=ref)
    return News(made.appellant, partial(_answer, made))


def _answer(made: Appeal) -> tuple[str, list[str]]:
    granted = made.state == "LIFTED"
    subject = _("Your appeal was granted") if granted else _("Your appeal was refused")
    if made.decision:
        about = _("It was about your show “%(title)s”.") % {"title": made.decision.room.title}
    else:
        about = _("It was about the rooms of %(name)s.") % {"name": made.against.anchor.name}
    said = (
        _("The platform writes: %s") % made.answer
        if made.answer
        else _("Nobody answered in time, so you have won it.")
    )
    resumed = made.decision and made.decision.kind == "suspend" and made.decision.room.on_air
    return subject, [about, said, *([_go_on()] if granted and resumed else [])]


_NEWS: dict[str, Callable[[int], News | None]] = {
    Kind.DECIDED: _decided,
    Kind.RESTORED: _restored,
    Kind.SANCTIONED: _sanctioned,
    Kind.ANSWERED: _answered,
}
