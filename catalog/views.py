"""Pages and files of the catalogue."""

from __future__ import annotations

import uuid

from django.core.exceptions import SuspiciousOperation
from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.models import Category, Listing
from catalog.search import search

PAGE = 24
RELATED = 6


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Search results, or everything on sale, newest first; narrowed by a category."""
    text = request.GET.get("q", "").strip()[:80]
    slug = request.GET.get("category", "")
    category = Category.objects.filter(slug=slug).first() if slug else None
    page = Paginator(search(text, category=category), PAGE).get_page(request.GET.get("page"))
    top = Category.objects.filter(parent=None)
    return render(
        request,
        "catalog/goods.html",
        {"page": page, "query": text, "category": category, "categories": top},
    )


@require_safe
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One product. Off sale it is still shown, so that old links say what became of it."""
    listing = Listing.objects.for_display().filter(slug=slug).first()
    if listing is None:
        raise Http404
    on_sale = Listing.objects.on_sale().filter(pk=listing.pk).exists()
    if not on_sale and not Listing.objects.was_on_sale().filter(pk=listing.pk).exists():
        raise Http404
    items = listing.selling_items if on_sale else []
    low, high = listing.price_range
    related = search("", category=listing.product.category).exclude(pk=listing.pk)[:RELATED]
    return render(
        request,
        "catalog/detail.html",
        {
            "listing": listing,
            "product": listing.product,
            "pictures": listing.product.pictures.all(),
            "items": items,
            "first": next((item for item in items if item.left > 0), None),
            "low": low,
            "high": high,
            "dispatch_hours": max((item.offer.dispatch_hours for item in items), default=None),
            "key": uuid.uuid4().hex,
            "related": related,
        },
    )


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponse:
    """A re-encoded picture by its random name; immutable, so caches may keep it for a year."""
    try:
        with default_storage.open(path, "rb") as file:
            body = file.read()
    except (OSError, ValueError, SuspiciousOperation) as error:
        raise Http404 from error
    return HttpResponse(
        body,
        content_type="image/webp",
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )
