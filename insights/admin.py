"""The machine room: events on their way and deadlines to come, to look at only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from core.backoffice import state_badge
from core.models import Deadline, OutboxEvent


class ReadOnly(ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(OutboxEvent)
class OutboxEventAdmin(ReadOnly):
    list_display = ["topic", "created_at", "delivered_at", "attempts", "last_error"]
    list_filter = [("delivered_at", admin.EmptyFieldListFilter)]
    search_fields = ["topic"]
    ordering = ["-pk"]


@admin.register(Deadline)
class DeadlineAdmin(ReadOnly):
    list_display = ["machine", "object_id", "shown_state", "due_at", "paused", "attempts"]
    list_filter = ["paused", "machine"]
    search_fields = ["object_id"]
    ordering = ["due_at"]

    shown_state = state_badge()
