"""What anchors hold up besides goods: polls; and who wants to be told when a show begins."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.access import ActorQuerySet
from rooms import states


class Poll(models.Model):
    """A question to the room. `counts` (votes of each option) is written once, when it closes.

    While it runs, the votes themselves are the only count.
    """

    room = models.ForeignKey("rooms.Room", on_delete=models.CASCADE, related_name="polls")
    question = models.CharField(_("question"), max_length=120)
    options = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=states.POLL.choices, default="RUNNING")
    counts = models.JSONField(default=list, blank=True)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    opened_at = models.DateTimeField(db_default=Now())
    ends_at = models.DateTimeField()

    class Meta:
        verbose_name = _("poll")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["room"],
                condition=models.Q(state="RUNNING"),
                name="rooms_one_poll_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return self.question


class PollVote(models.Model):
    """One person's answer, final. Rows are written in batches by `rooms.votes`."""

    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="votes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    option = models.PositiveSmallIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["poll", "user"], name="rooms_one_vote_each")]
        indexes = [models.Index(fields=["poll", "option"], name="rooms_vote_option")]

    def __str__(self) -> str:
        return f"{self.poll_id}: {self.option}"


class ReminderQuerySet(ActorQuerySet["Reminder"]):
    def for_actor(self, user: Any) -> Self:
        return self.filter(user=user)


class Reminder(models.Model):
    """Somebody wants to hear of a scheduled show. Each thing is told once.

    `version` is the plan (`Room.plan_version`) this person knows of; the times say when they were
    told that it begins soon, that it is on air, that it was called off. `put_away_at`: they closed
    the notice on the page.
    """

    room = models.ForeignKey("rooms.Room", on_delete=models.CASCADE, related_name="reminders")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reminders"
    )
    created_at = models.DateTimeField(db_default=Now())
    version = models.PositiveIntegerField()
    soon_at = models.DateTimeField(null=True, blank=True)
    on_air_at = models.DateTimeField(null=True, blank=True)
    called_off_at = models.DateTimeField(null=True, blank=True)
    put_away_at = models.DateTimeField(null=True, blank=True)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        verbose_name = _("reminder")
        constraints = [
            models.UniqueConstraint(fields=["room", "user"], name="rooms_one_reminder_each")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} @ {self.room_id}"
