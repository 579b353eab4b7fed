"""Tables that every floor shares: outbox, idempotency, state history, deadlines."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class OutboxEvent(models.Model):
    """An announcement written in the transaction of the fact it announces."""

    topic = models.CharField(max_length=80)
    payload = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())
    delivered_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    last_error = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=models.Q(delivered_at__isnull=True),
                name="core_outbox_undelivered",
            )
        ]

    def __str__(self) -> str:
        return f"{self.topic} #{self.pk}"


class HandledEvent(models.Model):
    """Proof that a handler's effect is committed, so that a second delivery does nothing."""

    handler = models.CharField(max_length=120)
    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="handled")
    handled_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["handler", "event"], name="core_handled_once")
        ]

    def __str__(self) -> str:
        return f"{self.handler} · {self.event_id}"


class IdempotencyRecord(models.Model):
    """The answer to a request that moves money or stock, kept in that request's own transaction."""

    actor = models.CharField(max_length=80)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    answer = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["actor", "key"], name="core_idempotency_once")
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.key}"


class StateChange(models.Model):
    """One move of one object: who, when, why, with what evidence. Never edited."""

    machine = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    from_state = models.CharField(max_length=40)
    to_state = models.CharField(max_length=40)
    actor_role = models.CharField(max_length=20)
    actor_user_id = models.BigIntegerField(null=True, blank=True)
    actor_label = models.CharField(max_length=150, blank=True, default="")
    why = models.TextField(blank=True, default="")
    evidence = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["machine", "object_id", "id"], name="core_change_object")]

    def __str__(self) -> str:
        return f"{self.machine} {self.object_id}: {self.from_state} → {self.to_state}"


class Deadline(models.Model):
    """What happens by itself, and when, unless the object leaves its state first."""

    machine = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    state = models.CharField(max_length=40)
    due_at = models.DateTimeField()
    paused = models.BooleanField(default=False)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["machine", "object_id"], name="core_deadline_once")
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(paused=False), name="core_deadline_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.machine} {self.object_id} leaves {self.state} at {self.due_at:%F %T}"
