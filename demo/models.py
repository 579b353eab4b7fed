"""What the demo remembers about itself."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class SeedStage(models.Model):
    """A part of the demo data that has been begun; `done_at` once it is complete."""

    name = models.CharField(max_length=20, unique=True)
    started_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
