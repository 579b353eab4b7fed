"""Rooms, the goods shown in them, and the durable events that both are a fold of."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.access import ActorQuerySet
from rooms import states


class RoomQuerySet(ActorQuerySet["Room"]):
    def for_actor(self, user: Any) -> Self:
        """A studio belongs to its anchor alone; staff act through the admin."""
        return self.filter(anchor=user)

    def public(self) -> Self:
        """What anyone may look at."""
        return self.filter(state__in=states.PUBLIC)

    def on_air(self) -> Self:
        return self.filter(state__in=states.ON_AIR)

    def recommended(self) -> Self:
        """Without those that the platform has limited: they are found by their address alone."""
        return self.exclude(standing="LIMITED")


class Room(models.Model):
    """One show of one anchor.

    `event_seq` is the number of the last durable event; raising it takes the row lock that puts a
    room's events in the order of their commits. `likes` and `peak_viewers` are kept by the hubs.
    `board` is what hangs in the room for all to see (announcement, poll, flash sale, coupon, rules),
    by key, exactly as the wire has it; only `rooms.board.hang` changes it.
    """

    class Video(models.TextChoices):
        WAITING = "waiting", _("Waiting for the camera")
        LIVE = "live", _("Live")
        AWAY = "away", _("Interrupted")
        ENDED = "ended", _("Ended")

    slug = models.SlugField(max_length=60, unique=True)
    anchor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="rooms"
    )
    title = models.CharField(_("title"), max_length=80, validators=[MinLengthValidator(1)])
    cover_key = models.CharField(max_length=40, blank=True, default="")
    state = models.CharField(max_length=12, choices=states.ROOM.choices, default="DRAFT")
    # What the platform thinks of it; the public is told of a suspension only, by `state`.
    standing = models.CharField(
        max_length=8, choices=states.STANDING.choices, default="GOOD", editable=False
    )
    video_state = models.CharField(max_length=8, choices=Video.choices, default=Video.WAITING)
    stream = models.OneToOneField(
        "streaming.Stream", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    pinned = models.ForeignKey(
        "RoomItem", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    board = models.JSONField(default=dict, blank=True)
    event_seq = models.BigIntegerField(default=0)
    likes = models.PositiveBigIntegerField(default=0)
    peak_viewers = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    scheduled_at = models.DateTimeField(_("scheduled for"), null=True, blank=True)
    # Raised with every change of the plan; calendars call it SEQUENCE.
    plan_version = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    interrupted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = RoomQuerySet.as_manager()

    # The reader's role here, set by `rooms.permissions.room_for`.
    my_role: str = "viewer"

    class Meta:
        verbose_name = _("room")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "-started_at"], name="rooms_room_state"),
            models.Index(fields=["anchor", "-id"], name="rooms_room_anchor"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("room", args=[self.slug])

    @property
    def on_air(self) -> bool:
        return self.state in states.ON_AIR

    @property
    def stopped(self) -> bool:
        """Whether the platform has suspended or terminated it."""
        return self.state in states.STOPPED

    @property
    def open(self) -> bool:
        """Whether goods may still be added, pinned and sold here."""
        return self.state in states.OPEN


class RoomItemQuerySet(models.QuerySet["RoomItem"]):
    def shown(self) -> Self:
        return self.exclude(state="PULLED")


class RoomItem(models.Model):
    """A placement as this room shows it.

    `card` is the public part of the item on the wire (title, picture, price, variants with what is
    left), changed in the transaction of the event that announces the change, so that a snapshot
    is exactly the fold of the events. The truth about stock stays in `supply`.
    """

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="items")
    placement = models.OneToOneField(
        "promotion.Placement", on_delete=models.PROTECT, related_name="+"
    )
    number = models.PositiveIntegerField()
    position = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=states.ROOM_ITEM.choices, default="LISTED")
    card = models.JSONField(default=dict)
    pinned_at = models.DateTimeField(null=True, blank=True)
    # Set while it is pinned with a countdown.
    pinned_until = models.DateTimeField(null=True, blank=True)

    objects = RoomItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("item in a room")
        verbose_name_plural = _("items in rooms")
        ordering = ["position", "number"]
        constraints = [
            models.UniqueConstraint(fields=["room", "number"], name="rooms_item_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.card.get('title', '')}"


class RoomEvent(models.Model):
    """One durable event. `payload` is all of it but `s` and `t`; docs/realtime.md lists the types."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="events")
    seq = models.BigIntegerField()
    type = models.CharField(max_length=20)
    payload = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["room", "seq"]
        constraints = [models.UniqueConstraint(fields=["room", "seq"], name="rooms_event_seq_once")]

    def __str__(self) -> str:
        return f"{self.room_id}#{self.seq} {self.type}"
