"""Who helps an anchor: assistants and moderators, each with a login of their own."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from core.access import ActorQuerySet


class CrewMemberQuerySet(ActorQuerySet["CrewMember"]):
    def for_actor(self, user: Any) -> Self:
        """Invitations and memberships that concern this person, from either side."""
        return self.filter(models.Q(anchor=user) | models.Q(user=user))

    def open(self) -> Self:
        """Not ended: invited or at work."""
        return self.filter(ended_at__isnull=True)

    def at_work(self) -> Self:
        return self.open().filter(accepted_at__isnull=False)


class CrewMember(models.Model):
    """A person with a role in all rooms of one anchor, from the invitation to the end.

    Someone invited by e-mail is only `email` until the owner of that address, verified, accepts.
    """

    class Role(models.TextChoices):
        ASSISTANT = "assistant", _("Assistant")
        MODERATOR = "moderator", _("Moderator")

    anchor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="crew"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="crew_of",
    )
    email = models.EmailField(blank=True, default="")
    role = models.CharField(max_length=10, choices=Role.choices)
    invited_at = models.DateTimeField(db_default=Now())
    accepted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = CrewMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("crew member")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["anchor", "user"],
                condition=models.Q(ended_at__isnull=True),
                name="rooms_crew_once",
            ),
            models.UniqueConstraint(
                "anchor",
                Lower("email"),
                condition=models.Q(ended_at__isnull=True) & ~models.Q(email=""),
                name="rooms_crew_email_once",
            ),
            models.CheckConstraint(
                condition=models.Q(user__isnull=False)
                | (models.Q(accepted_at__isnull=True) & ~models.Q(email="")),
                name="rooms_crew_is_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(user__isnull=True) | ~models.Q(user=models.F("anchor")),
                name="rooms_crew_not_oneself",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.email} ({self.role})"

    @property
    def accepted(self) -> bool:
        return self.accepted_at is not None
