"""Streams, who published into them, and the moments worth finding again."""

from __future__ import annotations

import secrets
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core import ids
from core.access import ActorQuerySet
from streaming import states


def new_stream_key() -> str:
    """Public, unguessable: it stands in URLs, and alone it opens nothing."""
    return ids.public_number(19).lower()


def new_session_id() -> str:
    return secrets.token_hex(8)


class StreamQuerySet(ActorQuerySet["Stream"]):
    def for_actor(self, user: Any) -> Self:
        return self if user.is_staff else self.filter(owner=user)


class Stream(models.Model):
    """One broadcast. Media and journal lie in the backend; here stand owner, state and rights.

    `epoch` grows with each publishing grant and once more at the end; a token whose epoch is not
    above `revoked_epoch` is worth nothing.
    """

    key = models.CharField(_("key"), max_length=24, unique=True, default=new_stream_key)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="streams"
    )
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=states.STREAM.choices,
        default="WAITING",
        editable=False,
    )
    epoch = models.PositiveIntegerField(default=0, editable=False)
    revoked_epoch = models.PositiveIntegerField(default=0, editable=False)
    # While the platform has stopped it, nobody is granted publishing.
    held_at = models.DateTimeField(_("held"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    started_at = models.DateTimeField(_("started"), null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True, editable=False)
    last_part_at = models.DateTimeField(_("last part"), null=True, blank=True, editable=False)
    recorded_ms = models.PositiveBigIntegerField(_("recorded ms"), default=0, editable=False)

    objects = StreamQuerySet.as_manager()

    class Meta:
        verbose_name = _("stream")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(revoked_epoch__lte=models.F("epoch")),
                name="streaming_revoked_at_most_issued",
            )
        ]
        indexes = [
            models.Index(
                fields=["last_part_at"],
                condition=models.Q(state="LIVE"),
                name="streaming_live_silent",
            )
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def is_over(self) -> bool:
        return self.state == "ENDED"


class PublishSession(models.Model):
    """One grant to publish, and whether it was used."""

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="sessions")
    session = models.CharField(max_length=24, unique=True, default=new_session_id)
    epoch = models.PositiveIntegerField()
    granted_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("publishing session")
        ordering = ["epoch"]
        constraints = [
            models.UniqueConstraint(fields=["stream", "epoch"], name="streaming_session_epoch")
        ]

    def __str__(self) -> str:
        return f"{self.stream_id} · {self.epoch}"


class Marker(models.Model):
    """A moment of the broadcast. What `kind`, `ref` and `payload` mean is the caller's affair."""

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="markers")
    kind = models.SlugField(max_length=30)
    label = models.CharField(max_length=160, blank=True)
    ref = models.CharField(max_length=80, blank=True)
    payload = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("marker")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["stream", "id"], name="streaming_marker_stream")]

    def __str__(self) -> str:
        return f"{self.kind} {self.label}"
