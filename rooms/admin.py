"""Rooms as the house's staff see them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from accounts.models import User
from core.actors import acting
from core.admin import ReadOnly
from core.backoffice import StateFilter, state_badge
from core.errors import DomainError
from rooms import actions
from rooms.actions import reports
from rooms.models import (
    Appeal,
    Letter,
    ModerationAction,
    PlatformWord,
    Poll,
    PollVote,
    Report,
    Room,
    RoomDecision,
    RoomEvent,
    RoomItem,
    Sanction,
)
from rooms.moderation import house


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
    list_before_template = "rooms/staff/_to_rooms.html"

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


@admin.register(Report)
class ReportAdmin(ReadOnly, ModelAdmin):
    """All reports; those about rooms, anchors and crews are decided here alone."""

    list_display = ["at", "room", "reason", "accused", "note", "for_admins", "state"]
    list_filter = ["state", "for_admins", "reason"]
    list_select_related = ["room", "accused"]
    search_fields = ["room__slug", "accused__username"]
    actions = ["uphold", "dismiss"]

    @admin.action(description=_("Uphold these reports"))
    def uphold(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        self._decide(request, queryset, upheld=True)

    @admin.action(description=_("Dismiss these reports"))
    def dismiss(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        self._decide(request, queryset, upheld=False)

    def _decide(self, request: HttpRequest, queryset: QuerySet[Report], *, upheld: bool) -> None:
        for found in queryset.select_related("room", "accused"):
            try:
                reports.decide_report(
                    found=found, actor=_staff(request), role="admin", upheld=upheld
                )
            except DomainError as error:
                self.message_user(request, f"{found}: {error}", messages.WARNING)


@admin.register(Appeal)
class AppealAdmin(ReadOnly, ModelAdmin):
    """What was decided, and with which words. They are written at /staff/appeals/."""

    list_display = ["made_at", "against", "text", "evidence", "shown_state", "answer", "decided_at"]
    list_filter = [("state", StateFilter)]
    list_select_related = ["sanction__user", "decision__room"]
    list_before_template = "rooms/staff/_to_appeals.html"

    shown_state = state_badge()

    @admin.display(description=_("evidence"))
    def evidence(self, made: Appeal) -> str:
        if made.sanction is None:
            return ""
        return " / ".join(line["text"] for line in made.sanction.evidence)


@admin.register(RoomDecision)
class RoomDecisionAdmin(ReadOnly, ModelAdmin):
    """Warnings, limits, suspensions and terminations; they are made at /staff/rooms/."""

    list_display = ["made_at", "room", "kind", "reason", "made_by", "until", "read_at", "lifted_at"]
    list_filter = ["kind"]
    list_select_related = ["room", "made_by"]
    search_fields = ["room__slug", "room__anchor__username", "reason"]
    list_before_template = "rooms/staff/_to_rooms.html"


@admin.register(Letter)
class LetterAdmin(ReadOnly, ModelAdmin):
    """Mails about decisions; one without a time of sending is still owed."""

    list_display = ["made_at", "kind", "ref", "attempts", "due_at", "sent_at"]
    list_filter = ["kind", ("sent_at", admin.EmptyFieldListFilter)]


@admin.register(Poll)
class PollAdmin(ReadOnly, ModelAdmin):
    list_display = ["id", "room", "question", "shown_state", "opened_at", "ends_at"]
    list_filter = [("state", StateFilter)]
    list_select_related = ["room"]
    search_fields = ["question", "room__slug"]

    shown_state = state_badge()


@admin.register(PollVote)
class PollVoteAdmin(ReadOnly, ModelAdmin):
    list_display = ["at", "poll", "user", "option"]
    list_select_related = ["poll", "user"]
    search_fields = ["user__username", "poll__room__slug"]


@admin.register(Sanction)
class SanctionAdmin(ReadOnly, ModelAdmin):
    list_display = ["given_at", "user", "kind", "anchor", "reason", "until", "lifted_at"]
    list_filter = ["kind"]
    list_select_related = ["user", "anchor"]
    search_fields = ["user__username", "anchor__username"]


@admin.register(ModerationAction)
class ModerationActionAdmin(ReadOnly, ModelAdmin):
    list_display = ["at", "what", "actor", "actor_role", "target", "anchor", "reason"]
    list_filter = ["what", "actor_role"]
    list_select_related = ["actor", "target", "anchor"]
    search_fields = ["actor__username", "target__username", "anchor__username"]


@admin.register(PlatformWord)
class PlatformWordAdmin(ModelAdmin):
    """Messages with these words wait for a moderator in every room."""

    list_display = ["word", "note", "added_at"]
    search_fields = ["word"]
    fields = ["word", "note"]

    def save_model(self, request: HttpRequest, obj: PlatformWord, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        house.forget_platform_words()


def _staff(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
