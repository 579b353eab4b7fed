"""Complaints about lines and rooms, and objections to sanctions."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core import clock, ratelimit
from core.actors import SYSTEM, Actor, acting
from core.errors import Conflict, Invalid, NotFound
from rooms import history, letters, wire
from rooms.actions.audit import lines_as_evidence, note, tell_crew
from rooms.actions.locking import put_off, try_locked
from rooms.actions.moderation import lift
from rooms.actions.standing import take_back
from rooms.actions.talk import one_line
from rooms.models import Appeal, ChatMessage, Letter, Report, Room, RoomDecision, Sanction
from rooms.permissions import ANCHOR, VIEWER, role_in
from rooms.states import APPEAL

NOTE_LENGTH = 300
APPEAL_LENGTH = 1000
ANSWER_LENGTH = 500
# Lines said before and after the reported one that are kept with the report.
AROUND = 3


def report(*, room: Room, reporter: User, reason: str, line: str = "", text: str = "") -> Report:
    """Complain about a line, or about the room; the server adds what was said around it.

    Again about the same line: the first report is returned. Raises Invalid for the reason,
    NotFound for a line that is neither in the log nor in the history, TooMany.
    """
    if reason not in Report.Reason.values:
        raise Invalid(
            _("Choose a reason: %s.") % ", ".join(Report.Reason.values), code="bad_reason"
        )
    ratelimit.check("report", reporter.pk, burst=5, per_second=1 / 60)
    accused, evidence = _evidence(room, line) if line else (None, [])
    facts: dict[str, Any] = {"room": room, "reporter": reporter, "line": line, "state": "open"}
    try:
        with transaction.atomic():
            row = Report.objects.create(
                **facts,
                accused_id=accused,
                for_admins=accused is None or role_in(room.anchor_id, accused) != VIEWER,
                reason=reason,
                note=one_line(text)[:NOTE_LENGTH],
                evidence=evidence,
            )
            if not row.for_admins:
                tell_crew(room.pk, {"what": "report", "report": report_of(row)})
    except IntegrityError:
        return Report.objects.get(**facts)
    return row


def _evidence(room: Room, line: str) -> tuple[int, list[dict[str, Any]]]:
    """(author, the line and its neighbours, oldest first)."""
    said = ChatMessage.objects.filter(room=room)
    row = said.filter(line=line).order_by("-id").first()
    if row is not None:
        before = list(said.filter(pk__lt=row.pk).order_by("-id")[:AROUND])
        after = list(said.filter(pk__gt=row.pk).order_by("id")[:AROUND])
        return row.user_id, lines_as_evidence([*reversed(before), row, *after])
    for shown in history.recent(room.pk):
        if shown["id"] == line:
            copy = {"id": line, "user": shown["user"]["id"], "name": shown["user"]["name"]}
            return shown["user"]["id"], [{**copy, "text": shown["text"], "at": shown["at"]}]
    raise NotFound(_("This message is gone."))


def report_of(row: Report) -> dict[str, Any]:
    """As the moderators' page shows it; never who complained."""
    return {
        "id": row.pk,
        "line": row.line,
        "reason": row.get_reason_display(),
        "note": row.note,
        "accused": {"id": row.accused_id, "name": row.accused.name} if row.accused else None,
        "evidence": row.evidence,
        "at": wire.millis(row.at),
    }


@transaction.atomic
def decide_report(*, found: Report, actor: User, role: str, upheld: bool) -> None:
    """Close a report. Raises Conflict when somebody else did."""
    state = Report.State.UPHELD if upheld else Report.State.DISMISSED
    rows = Report.objects.filter(pk=found.pk, state=Report.State.OPEN)
    if not rows.update(state=state, decided_at=clock.now()):
        raise Conflict(_("Somebody else has dealt with this report."), code="done_already")
    tell_crew(found.room_id, {"what": "report.done", "report": found.pk})
    note(
        f"report_{state.value}",
        anchor_id=found.room.anchor_id,
        room=found.room,
        role=role,
        actor=actor,
        target_id=found.accused_id,
        reason=found.reason,
        evidence={"report": found.pk, "lines": found.evidence},
    )


@transaction.atomic
def appeal(*, given: Sanction, user: User, text: str) -> Appeal:
    """Object to a sanction of one's own, once. Unanswered for 72 hours, it is lifted.

    Raises Conflict when it is over or was objected to before, Invalid for an empty text.
    """
    given = Sanction.objects.select_for_update().fetch(user, pk=given.pk)
    text = _objection(given, text)
    return _appealed(Appeal.objects.create(sanction=given, text=text), user, VIEWER)


@transaction.atomic
def appeal_decision(*, made: RoomDecision, user: User, text: str) -> Appeal:
    """Object to a decision about one's own room, as `appeal`."""
    made = RoomDecision.objects.select_for_update(of=("self",)).fetch(user, pk=made.pk)
    text = _objection(made, text)
    return _appealed(Appeal.objects.create(decision=made, text=text), user, ANCHOR)


def _objection(against: Sanction | RoomDecision, text: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise Invalid(_("Write why it should be lifted."), code="empty")
    if len(text) > APPEAL_LENGTH:
        raise Invalid(_("Use at most 1000 characters."), code="too_long")
    if not against.stands:
        raise Conflict(_("This sanction is over already."), code="over")
    if hasattr(against, "appeal"):
        raise Conflict(_("You have appealed against this already."), code="appealed")
    return text


def _appealed(made: Appeal, user: User, role: str) -> Appeal:
    APPEAL.start(made, actor=acting(user, role))
    note(
        "appeal",
        anchor_id=made.anchor_id,
        role=role,
        actor=user,
        target_id=user.pk,
        reason=made.text,
        evidence=_matter(made),
    )
    return made


def _matter(made: Appeal) -> dict[str, Any]:
    kind = "decision" if made.decision else "sanction"
    return {kind: made.against.pk, "appeal": made.pk}


@transaction.atomic
def decide_appeal(*, made: Appeal, actor: User, lifted: bool, answer: str) -> None:
    """The platform's decision, with words that the appellant reads.

    Raises Invalid for an empty or too long answer, IllegalMove when it was decided before.
    """
    answer = " ".join(answer.split())
    if not answer:
        raise Invalid(_("Write an answer; the appellant reads it."), code="empty")
    if len(answer) > ANSWER_LENGTH:
        raise Invalid(_("Use at most 500 characters."), code="too_long")
    _decide(made, acting(actor, "admin"), actor, lifted, answer)


def _decide(
    made: Appeal, mover: Actor, actor: User | None, lifted: bool, answer: str, why: str = ""
) -> None:
    why = why or answer
    APPEAL.move(
        made,
        "LIFTED" if lifted else "UPHELD",
        actor=mover,
        why=why,
        answer=answer,
        decided_at=clock.now(),
    )
    if lifted and made.decision:
        take_back(made=made.decision, actor=actor, mover=mover, reason=why)
    elif lifted:
        lift(given=made.against, actor=actor, role=mover.role, reason=why)
    letters.owe(Letter.Kind.ANSWERED, made.pk)
    note(
        "appeal_lifted" if lifted else "appeal_upheld",
        anchor_id=made.anchor_id,
        role=mover.role,
        actor=actor,
        target_id=made.appellant.pk,
        reason=why,
        evidence=_matter(made),
    )


@APPEAL.on_timeout("OPEN")
def _unanswered(appeal_id: int) -> None:
    # Who answers just now holds the appeal and waits for the deadline: this must not wait for them.
    free = Appeal.objects.select_for_update(of=("self",), skip_locked=True)
    made = free.select_related("decision").filter(pk=appeal_id).first()
    if made is None or (made.decision and try_locked(made.decision.room_id) is None):
        put_off(APPEAL, appeal_id)
    elif made.state == "OPEN":
        _decide(made, SYSTEM, None, True, "", why="not answered in time")
