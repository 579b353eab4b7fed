"""What was said, and who comes back to say it."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.access import ActorQuerySet
from rooms.models.crew import CrewMember
from rooms.models.room import Room


class ChatMessageQuerySet(ActorQuerySet["ChatMessage"]):
    def for_actor(self, user: Any) -> Self:
        """The chat of rooms one runs, as anchor or crew."""
        helped = CrewMember.objects.at_work().filter(user=user).values("anchor")
        return self.filter(models.Q(room__anchor=user) | models.Q(room__anchor__in=helped))

    def shown(self) -> Self:
        return self.filter(state=ChatMessage.State.SHOWN)

    def held(self) -> Self:
        return self.filter(state=ChatMessage.State.HELD)


class ChatMessage(models.Model):
    """One line of a room's chat, written by the hub within a second of being said.

    `line` is the id on the wire. It holds what its author chose, so it is not unique: a line that
    borrows another's id is logged like any other and removed together with it. `extra` has `reply`
    and `mentions` as the wire has them.
    """

    class State(models.TextChoices):
        SHOWN = "shown", _("Shown")
        HELD = "held", _("Waiting for a moderator")
        REMOVED = "removed", _("Removed")

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="chat")
    line = models.CharField(max_length=60)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=40)
    role = models.CharField(max_length=10)
    level = models.PositiveSmallIntegerField(default=0)
    text = models.CharField(max_length=200)
    extra = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.SHOWN)
    why = models.CharField(max_length=120, blank=True, default="")
    at = models.DateTimeField()

    objects = ChatMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("chat line")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["room", "-at"], name="rooms_chat_room"),
            models.Index(fields=["room", "line"], name="rooms_chat_line"),
            models.Index(fields=["room", "user", "-at"], name="rooms_chat_user"),
            models.Index(
                fields=["room", "id"],
                condition=models.Q(state="held"),
                name="rooms_chat_held",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


class Fan(models.Model):
    """How much a person takes part in one anchor's rooms; `rooms.fans` has points and levels."""

    anchor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="fans"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    points = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("fan")
        constraints = [models.UniqueConstraint(fields=["anchor", "user"], name="rooms_fan_once")]

    def __str__(self) -> str:
        return f"{self.user_id} → {self.anchor_id}: {self.points}"
