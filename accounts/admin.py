"""People, agencies and their contracts as staff see them."""

from __future__ import annotations

from typing import Any

import allauth.account.admin  # noqa: F401 - registers what is taken back below
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.models import Address, Agency, AgencyContract, ApiToken, User

admin.site.unregister(Group)
admin.site.unregister(EmailAddress)  # shown with the person


class EmailInline(TabularInline):
    model = EmailAddress
    extra = 0


class AddressInline(TabularInline):
    model = Address
    extra = 0
    fields = ("recipient", "phone", "country", "region", "city", "street", "is_default")
    readonly_fields = fields
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "display_name", "email", "is_staff", "is_active", "date_joined")
    list_filter = ("is_staff", "is_active")
    search_fields = ("username", "display_name", "email")
    inlines = (EmailInline, AddressInline)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("display_name", "email", "language")}),
        (
            _("Rights"),
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    add_fieldsets = (
        (None, {"fields": ("username", "email", "usable_password", "password1", "password2")}),
    )


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    pass


class ContractInline(TabularInline):
    model = AgencyContract
    extra = 0
    autocomplete_fields = ("anchor",)


@admin.register(Agency)
class AgencyAdmin(ModelAdmin):
    list_display = ("name", "created_at")
    search_fields = ("name",)
    autocomplete_fields = ("members",)
    inlines = (ContractInline,)


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin):
    """Staff may see who has tokens and take them away, never make or read one."""

    list_display = ("user", "name", "hint", "created_at", "last_used_at", "revoked_at")
    search_fields = ("user__username", "name")
    fields = ("user", "name", "hint", "created_at", "last_used_at", "revoked_at")
    readonly_fields = ("user", "name", "hint", "created_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
