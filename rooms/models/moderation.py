"""Rules of an anchor's rooms, what was done under them, and how one may object."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from core import clock
from core.access import ActorQuerySet
from rooms import states
from rooms.models.room import Room

SLOW_MOST = 600


class HouseRules(models.Model):
    """What holds in all rooms of one anchor; missing means the defaults.

    `version` grows with every change of rules, sanctions or crew: hubs compare it with what they
    judge by, so a lost message costs seconds.
    """

    anchor = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    slow_seconds = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(SLOW_MOST)]
    )
    followers_only = models.BooleanField(default=False)
    links_blocked = models.BooleanField(default=True)
    words = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    version = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("house rules")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(slow_seconds__lte=SLOW_MOST), name="rooms_rules_slow"
            )
        ]

    def __str__(self) -> str:
        return f"{self.anchor_id} v{self.version}"

    @property
    def public(self) -> dict[str, Any]:
        """The board's value: what everybody may know."""
        return {
            "slow_seconds": self.slow_seconds,
            "followers_only": self.followers_only,
            "links_blocked": self.links_blocked,
        }


class PlatformWord(models.Model):
    """A word that is held in every room, kept by the platform's admins."""

    word = models.CharField(_("word"), max_length=40)
    note = models.CharField(_("note"), max_length=120, blank=True, default="")
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("platform word")
        constraints = [models.UniqueConstraint(Lower("word"), name="rooms_platform_word_once")]

    def __str__(self) -> str:
        return self.word


class RoomDecisionQuerySet(ActorQuerySet["RoomDecision"]):
    def for_actor(self, user: Any) -> Self:
        """About one's own rooms."""
        return self.filter(room__anchor=user)

    def standing(self) -> Self:
        """Not taken back."""
        return self.filter(lifted_at__isnull=True)


class RoomDecision(models.Model):
    """What the platform decided about a show, and why. Its anchor reads it and may appeal."""

    class Kind(models.TextChoices):
        WARN = "warn", _("Warning")
        LIMIT = "limit", _("Limit")
        SUSPEND = "suspend", _("Suspension")
        TERMINATE = "terminate", _("Termination")

    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField(_("decision"), max_length=9, choices=Kind.choices)
    reason = models.CharField(_("reason"), max_length=300)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(db_default=Now())
    # When its anchor confirmed having read it.
    read_at = models.DateTimeField(null=True, blank=True)
    # A suspension ends by itself; what has no end stands until it is taken back.
    until = models.DateTimeField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)

    objects = RoomDecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision about a room")
        verbose_name_plural = _("decisions about rooms")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="suspend", until__isnull=False)
                | (~models.Q(kind="suspend") & models.Q(until__isnull=True)),
                name="rooms_decision_suspends_until",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.room}"

    @property
    def stands(self) -> bool:
        return self.lifted_at is None

    @property
    def ran_out(self) -> bool:
        """Whether it ended because its time was over, not because somebody took it back."""
        return bool(self.until and self.lifted_at and self.lifted_at >= self.until)


class SanctionQuerySet(ActorQuerySet["Sanction"]):
    def for_actor(self, user: Any) -> Self:
        """One's own: crew sees them through its room."""
        return self.filter(user=user)

    def standing(self) -> Self:
        """In force now."""
        until = models.Q(until__isnull=True) | models.Q(until__gt=clock.now())
        return self.filter(until, lifted_at__isnull=True)


class Sanction(models.Model):
    """A mute or a ban of one person in all rooms of one anchor, until it ends or is lifted."""

    class Kind(models.TextChoices):
        MUTE = "mute", _("Muted")
        BAN = "ban", _("Banned")

    anchor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sanctions_given"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sanctions"
    )
    kind = models.CharField(max_length=4, choices=Kind.choices)
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    evidence = models.JSONField(default=list, blank=True)
    given_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)

    objects = SanctionQuerySet.as_manager()

    class Meta:
        verbose_name = _("sanction")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["anchor", "user"],
                condition=models.Q(lifted_at__isnull=True),
                name="rooms_sanction_standing",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(anchor=models.F("user")), name="rooms_sanction_not_oneself"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.user}"

    @property
    def stands(self) -> bool:
        return self.lifted_at is None and (self.until is None or self.until > clock.now())


class ModerationAction(models.Model):
    """Who did what to whom, why and on what evidence. The database refuses to change a row."""

    anchor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    room = models.ForeignKey(
        Room, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    actor_role = models.CharField(max_length=10)
    what = models.CharField(max_length=20)
    target = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=300, blank=True, default="")
    evidence = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("moderation action")
        ordering = ["-id"]
        indexes = [models.Index(fields=["anchor", "-id"], name="rooms_action_anchor")]

    def __str__(self) -> str:
        return f"{self.what} #{self.pk}"


class Report(models.Model):
    """A viewer's complaint about a line or a room, with the lines as the server knew them."""

    class Reason(models.TextChoices):
        SPAM = "spam", _("Spam or advertising")
        ABUSE = "abuse", _("Insults or harassment")
        FRAUD = "fraud", _("Fraud")
        ADULT = "adult", _("Sexual content")
        ILLEGAL = "illegal", _("Forbidden goods or content")
        MINOR = "minor", _("Danger to minors")
        OTHER = "other", _("Something else")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        UPHELD = "upheld", _("Upheld")
        DISMISSED = "dismissed", _("Dismissed")

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="reports")
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    line = models.CharField(max_length=60, blank=True, default="")
    accused = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    # About the room, its anchor or its crew: for the platform's admins, not for the crew.
    for_admins = models.BooleanField(default=False)
    reason = models.CharField(max_length=8, choices=Reason.choices)
    note = models.CharField(max_length=300, blank=True, default="")
    evidence = models.JSONField(default=list, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("report")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["room", "reporter", "line"],
                condition=models.Q(state="open"),
                name="rooms_report_once",
            )
        ]
        indexes = [models.Index(fields=["room", "state"], name="rooms_report_queue")]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} #{self.pk}"


class AppealQuerySet(ActorQuerySet["Appeal"]):
    def for_actor(self, user: Any) -> Self:
        about_rooms = models.Q(decision__room__anchor=user)
        return self.filter(models.Q(sanction__user=user) | about_rooms)


class Appeal(models.Model):
    """An objection to a sanction or to a decision about a room, once for each. Unanswered, it
    succeeds."""

    sanction = models.OneToOneField(
        Sanction, null=True, blank=True, on_delete=models.PROTECT, related_name="appeal"
    )
    decision = models.OneToOneField(
        RoomDecision, null=True, blank=True, on_delete=models.PROTECT, related_name="appeal"
    )
    text = models.CharField(_("your reasons"), max_length=1000)
    state = models.CharField(max_length=8, choices=states.APPEAL.choices, default="OPEN")
    answer = models.CharField(_("answer"), max_length=500, blank=True, default="")
    made_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = AppealQuerySet.as_manager()

    class Meta:
        verbose_name = _("appeal")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sanction__isnull=True) ^ models.Q(decision__isnull=True),
                name="rooms_appeal_against_one",
            )
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"

    @property
    def anchor_id(self) -> int:
        """In whose rooms the matter arose."""
        return self.decision.room.anchor_id if self.decision else self.against.anchor_id

    @property
    def against(self) -> Any:
        """The Sanction or RoomDecision."""
        return self.sanction or self.decision

    @property
    def appellant(self) -> Any:
        return self.decision.room.anchor if self.decision else self.against.user
