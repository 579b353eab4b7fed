"""Rooms as the house's staff see them."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from core.actors import acting
from core.admin import ReadOnly
from core.backoffice import StateFilter, state_badge
from core.errors import DomainError
from rooms import actions
from rooms.models import Room, RoomEvent, RoomItem


class ItemInline(ReadOnly, TabularInline):
    model = RoomItem
    fk_name = "room"
    fields = ["number", "__str__", "state", "pinned_at"]
    readonly_fields = ["__str__"]
    extra = 0


@admin.register(Room)
class RoomAdmin(ReadOnly, ModelAdmin):
    list_display = [
        "title",
        "anchor",
        "shown_state",
        "video_state",
        "started_at",
        "peak_viewers",
        "likes",
    ]
    list_filter = [("state", StateFilter), "video_state"]
    search_fields = ["title", "slug", "anchor__username"]
    list_select_related = ["anchor"]
    inlines = [ItemInline]
    actions = ["end_shows"]

    shown_state = state_badge()

    @admin.action(description=_("End these shows now"))
    def end_shows(self, request: HttpRequest, queryset: QuerySet[Room]) -> None:
        for room in queryset:
            try:
                actions.end_room(room=room, actor=acting(request.user, "admin"))
            except DomainError as error:
                self.message_user(request, f"{room}: {error}", messages.WARNING)


@admin.register(RoomEvent)
class RoomEventAdmin(ReadOnly, ModelAdmin):
    list_display = ["room", "seq", "type", "at"]
    list_filter = ["type"]
    search_fields = ["room__slug"]
    list_select_related = ["room"]
