"""The trail, and complaints about lines and rooms."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from core.errors import Conflict
from rooms import actions, hub
from rooms.actions import reports
from rooms.models import (
    ModerationAction,
    Report,
)
from rooms.tests import factories as make
from rooms.tests.moderation.people import helper, mute


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_trail_cannot_be_changed(change: str) -> None:
    room = make.live_room()
    mute(room, make.user(), reason="spam")
    statements = {
        "update": "UPDATE rooms_moderationaction SET reason = 'nothing'",
        "delete": "DELETE FROM rooms_moderationaction",
    }
    refused = pytest.raises(IntegrityError, match="append-only")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements[change])
    assert ModerationAction.objects.get().reason == "spam"


async def test_a_report_keeps_what_was_said(watch, db_do) -> None:
    room = await db_do(make.live_room)
    moderator = await db_do(helper, room, "moderator")
    rude = await db_do(make.user, "rude")
    one, two = await watch(room, rude), await watch(room, await db_do(make.user))
    mod = await watch(room, moderator)
    await one.send({"t": "chat", "id": "bad", "text": "you are all fools"})
    said = await two.get("chat")
    await hub.current().keeper.chatlog.flush()
    message = {"t": "report", "line": said["id"], "reason": "abuse", "note": "again"}
    await two.send(message)
    await two.get("reported", line=said["id"])
    news = await mod.get("mod", what="report")
    assert news["report"]["accused"] == {"id": rude.pk, "name": "rude"}
    assert news["report"]["evidence"][-1]["text"] == "you are all fools"
    await two.send(message)
    await two.until(lambda: len(two.all("reported")) == 2)
    found = await db_do(Report.objects.select_related("room", "accused").get)
    await db_do(reports.decide_report, found=found, actor=moderator, role="moderator", upheld=True)
    with pytest.raises(Conflict):
        await db_do(
            reports.decide_report, found=found, actor=moderator, role="moderator", upheld=False
        )
    await two.send({"t": "report", "line": "1.none", "reason": "abuse"})
    assert (await two.get("error"))["code"] == "not_found"
    await two.send({"t": "report", "reason": "ugly"})
    await two.get("error", code="bad_reason")


@pytest.mark.django_db
def test_a_report_about_the_room_or_its_crew_is_not_for_the_crew() -> None:
    room = make.live_room()
    moderator = helper(room, "moderator")
    reporter = make.user()
    about_room = reports.report(room=room, reporter=reporter, reason="fraud")
    line = actions.post_chat(room=room, user=moderator, text="be quiet, all of you")["id"]
    about_crew = reports.report(room=room, reporter=reporter, reason="abuse", line=line)
    assert about_room.for_admins
    assert about_crew.for_admins
    client = Client()
    client.force_login(moderator)
    state = client.get(f"/studio/{room.slug}/moderate/state/").json()
    assert state["reports"] == []
