"""Complaints about lines and rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Invalid
from rooms.actions import reports
from rooms.hub import store
from rooms.messages.checks import is_text
from rooms.models import Room

if TYPE_CHECKING:
    from rooms.messages.conversation import Conversation


async def report(talk: Conversation, message: dict[str, Any]) -> None:
    who = talk.signed_in(_("Sign in to report."))
    line, reason, note = (message.get(name) or "" for name in ("line", "reason", "note"))
    if not (is_text(line) and is_text(reason) and is_text(note)) or len(line) > 60:
        raise Invalid(_("Send `reason`, `line` and `note` as text."), code="bad_message")
    talk.answer_later(
        message,
        store.ask(_report, talk.channel.id, who.user_id, reason, line, note, talk.viewer.language),
        {"t": "reported", "line": line or None},
    )


def _report(room_id: int, user_id: int, reason: str, line: str, note: str, language: str) -> None:
    with translation.override(language):
        reports.report(
            room=Room.objects.get(pk=room_id),
            reporter=User.objects.get(pk=user_id),
            reason=reason,
            line=line,
            text=note,
        )


HANDLERS = {"report": report}
