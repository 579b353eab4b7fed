"""The catalogue in the back office. Goods are described by their suppliers; staff sort them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline

from catalog import actions, search
from catalog.models import Category, Listing, ListingVariant, Picture, Product, Variant
from core.admin import ReadOnly
from core.money import format_money


@admin.register(Category)
class CategoryAdmin(ModelAdmin):
    list_display = ["slug", "name_zh", "name_en", "parent", "position"]
    list_editable = ["position"]
    search_fields = ["slug", "name_zh", "name_en"]
    prepopulated_fields = {"slug": ["name_en"]}


class VariantInline(ReadOnly, TabularInline):
    model = Variant
    fields = ["label", "position"]
    readonly_fields = ["label"]
    extra = 0


class PictureInline(ReadOnly, TabularInline):
    model = Picture
    fields = ["shown", "alt", "position"]
    readonly_fields = ["shown"]
    extra = 0

    @admin.display(description=_("picture"))
    def shown(self, picture: Picture) -> str:
        return format_html('<img src="{}" alt="{}" width="96">', picture.src, picture.alt)


@admin.register(Product)
class ProductAdmin(ModelAdmin):
    """Only the category is staff's to change: the words come from the offer."""

    list_display = ["title", "brand", "category", "updated_at"]
    list_filter = ["category"]
    search_fields = ["title", "brand"]
    list_select_related = ["category"]
    fields = ["title", "brand", "description", "category"]
    readonly_fields = ["title", "brand", "description"]
    inlines = [VariantInline, PictureInline]
    ordering = ["-id"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        search.index(obj)


class ItemInline(ReadOnly, TabularInline):
    model = ListingVariant
    fields = ["variant", "offer", "price", "left"]
    readonly_fields = ["price", "left"]
    extra = 0

    @admin.display(description=_("price"))
    def price(self, item: ListingVariant) -> str:
        return format_money(item.price_minor, item.currency)


@admin.register(Listing)
class ListingAdmin(ReadOnly, ModelAdmin):
    list_display = ["product", "supplier", "status", "prices", "stock_left", "published_at"]
    list_filter = ["status", "supplier", "product__category"]
    search_fields = ["product__title", "product__brand", "slug", "supplier__name"]
    inlines = [ItemInline]
    actions = ["take_off"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Listing]:
        return Listing.objects.for_display()

    @admin.display(description=_("price"))
    def prices(self, listing: Listing) -> str:
        low, high = (format_money(minor, listing.currency) for minor in listing.price_range)
        return low if low == high else f"{low} – {high}"

    @admin.display(description=_("left"))
    def stock_left(self, listing: Listing) -> int:
        return listing.left

    @admin.action(description=_("Take off sale"))
    def take_off(self, request: HttpRequest, queryset: QuerySet[Listing]) -> None:
        count = 0
        for listing in queryset.filter(status=Listing.Status.PUBLISHED):
            actions.unlist(listing=listing, actor=request.user)
            count += 1
        text = ngettext("%d listing taken off sale.", "%d listings taken off sale.", count) % count
        self.message_user(request, text, messages.SUCCESS)
