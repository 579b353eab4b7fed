"""Mails that are owed to the people about whom something was decided."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Letter(models.Model):
    """One mail, owed from the transaction of what it tells of until a mail server has taken it.

    `ref` is the id of a RoomDecision (decided, restored), a Sanction or an Appeal. While a process
    sends it, `due_at` lies ahead: if that process dies, the next one takes it from then on.
    """

    class Kind(models.TextChoices):
        DECIDED = "decided", _("Decision about a show")
        RESTORED = "restored", _("Decision taken back")
        SANCTIONED = "sanctioned", _("Sanction")
        ANSWERED = "answered", _("Answer to an appeal")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    ref = models.BigIntegerField()
    made_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("letter")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["kind", "ref"], name="rooms_letter_once")]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(sent_at__isnull=True),
                name="rooms_letter_owed",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.ref}"
