"""Streams for administrators: look, cut a publisher off, end."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from core.actors import acting
from core.admin import ReadOnly
from core.backoffice import StateFilter, state_badge
from streaming import actions
from streaming.models import Marker, PublishSession, Stream


class SessionInline(ReadOnly, TabularInline):
    model = PublishSession
    fields = ["epoch", "session", "granted_at", "started_at", "ended_at"]
    extra = 0


class MarkerInline(ReadOnly, TabularInline):
    model = Marker
    fields = ["at", "kind", "label", "ref"]
    extra = 0


@admin.register(Stream)
class StreamAdmin(ReadOnly, ModelAdmin):
    list_display = ["key", "owner", "shown_state", "started_at", "ended_at", "recorded_ms"]
    list_filter = [("state", StateFilter)]
    search_fields = ["key", "owner__username"]
    list_select_related = ["owner"]
    date_hierarchy = "created_at"
    inlines = [SessionInline, MarkerInline]
    actions = ["cut_off", "end"]

    shown_state = state_badge()

    @admin.action(description=_("Withdraw all publishing tokens"))
    def cut_off(self, request: HttpRequest, queryset: QuerySet[Stream]) -> None:
        for stream in queryset:
            actions.revoke_publishers(stream=stream)
        self.message_user(request, _("The publishers were cut off."))

    @admin.action(description=_("End the selected streams"))
    def end(self, request: HttpRequest, queryset: QuerySet[Stream]) -> None:
        for stream in queryset:
            actions.end_stream(stream=stream, actor=acting(request.user, "admin"))
        self.message_user(request, _("The streams have ended."))
