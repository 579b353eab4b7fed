"""A supplier's goods: the list, and one form for a product with all its SKUs and pictures."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Max, Min, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from catalog import actions
from catalog.assortment import RowRefused, save_product, siblings
from catalog.forms import MAX_FILES, MAX_ROWS, PicturesForm, ProductForm, sku_formset
from catalog.models import Listing, Picture
from core.errors import DomainError, NotFound
from supply.models import Offer, Supplier
from supply.portal import member_view, said
from supply.views import portal_context

PAGE = 30
FIRST_ROWS = 3


@member_view
@require_GET
def index(request: HttpRequest, supplier: Supplier) -> HttpResponse:
    """Products, newest first; each leads to its form by its first SKU."""
    offers = Offer.objects.filter(supplier=supplier)
    text = request.GET.get("q", "").strip()[:80]
    if text:
        codes = offers.filter(Q(title__icontains=text) | Q(sku__icontains=text))
        offers = offers.filter(product_code__in=codes.values("product_code"))
    products = (
        offers.values("product_code")
        .annotate(
            first=Min("id"),
            skus=Count("id"),
            on_hand=Sum("stock__on_hand"),
            reserved=Sum("stock__reserved"),
            active=Count("id", filter=Q(status=Offer.Status.ACTIVE)),
            low=Min("suggested_price_minor"),
            high=Max("suggested_price_minor"),
        )
        .order_by("-first")
    )
    page = Paginator(products, PAGE).get_page(request.GET.get("page"))
    first = (
        Offer.objects.select_related("listing_variant__listing__product__category")
        .prefetch_related("listing_variant__listing__product__pictures")
        .in_bulk([row["first"] for row in page])
    )
    for row in page:
        row["offer"] = first[row["first"]]
        row["listing"] = getattr(_item(row["offer"]), "listing", None)
        row["available"] = (row["on_hand"] or 0) - (row["reserved"] or 0)
        row["on_sale"] = bool(
            row["active"]
            and supplier.may_sell
            and row["listing"]
            and row["listing"].status == Listing.Status.PUBLISHED
        )
    context = {**portal_context(request, supplier), "page": page, "query": text}
    return render(request, "catalog/supplier_offers.html", context)


def _item(offer: Offer) -> Any:
    return getattr(offer, "listing_variant", None)


@member_view
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, supplier: Supplier) -> HttpResponse:
    return _edit(request, supplier, [])


@member_view
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, supplier: Supplier, offer_id: int) -> HttpResponse:
    offer = Offer.objects.select_related("supplier").fetch(request.user, pk=offer_id)
    return _edit(request, offer.supplier, siblings(offer))


def _edit(request: HttpRequest, supplier: Supplier, offers: list[Offer]) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = ProductForm(data, offers=offers)
    rows = sku_formset(extra=0 if offers else FIRST_ROWS)(data, offers=offers)
    listing = getattr(_item(offers[0]), "listing", None) if offers else None
    if data is not None and form.is_valid() & rows.is_valid():
        saved = _save(request, supplier, form, rows)
        if saved is not None:
            _keep_pictures(request, saved)
            on_sale = saved.status == Listing.Status.PUBLISHED
            messages.success(request, _("Saved and on sale.") if on_sale else _("Saved."))
            first = saved.items.order_by("offer_id").values_list("offer_id", flat=True)[0]
            return redirect("supplier_offers:edit", first)
    context = {
        **portal_context(request, supplier),
        "form": form,
        "rows": rows,
        "offers": offers,
        "listing": listing,
        "on_sale": bool(listing and listing.status == Listing.Status.PUBLISHED),
        "pictures": listing.product.pictures.all() if listing else [],
        "pictures_form": PicturesForm(),
        "more": len(rows.forms) < MAX_ROWS,
    }
    status = 422 if data is not None else 200
    return render(request, "catalog/supplier_offer.html", context, status=status)


def _save(request: HttpRequest, supplier: Supplier, form: ProductForm, rows: Any) -> Listing | None:
    wording = form.wording()
    skus = rows.skus(wording, form.cleaned_data["option_names"])
    if skus is None:
        return None
    try:
        return save_product(
            supplier=supplier,
            actor=request.user,
            wording=wording,
            skus=skus,
            publish=request.POST.get("then") == "list",
        )
    except RowRefused as error:
        target = rows.rows[error.row]
        target.add_error(None, str(error.detail))
    except DomainError as error:
        form.add_error(None, str(error.detail))
    return None


@member_view
@require_GET
def row(request: HttpRequest, supplier: Supplier) -> HttpResponse:
    """htmx: one more empty row, and the count of rows that goes with it."""
    number = request.GET.get("form-TOTAL_FORMS", "")
    count = int(number) if number.isascii() and number.isdigit() else 0
    if count >= MAX_ROWS:
        return HttpResponse(status=204)
    forms = sku_formset()(offers=[])
    fresh = forms.empty_form
    fresh.prefix = forms.add_prefix(count)
    return render(
        request,
        "catalog/supplier_offer.html#fresh",
        {"row": fresh, "total": count + 1, "number": count + 1},
    )


@member_view
@require_POST
def take_off(request: HttpRequest, supplier: Supplier, offer_id: int) -> HttpResponse:
    """Take the whole product off sale."""
    listing = _listing(request, offer_id)
    actions.unlist(listing=listing, actor=request.user)
    messages.success(request, _("Off sale. Orders already placed are delivered as agreed."))
    return redirect("supplier_offers:edit", offer_id)


def _listing(request: HttpRequest, offer_id: int) -> Listing:
    offer = Offer.objects.fetch(request.user, pk=offer_id)
    item = _item(offer)
    if item is None:
        raise NotFound(_("There is no such listing."))
    return item.listing


@member_view
@require_POST
def add_pictures(request: HttpRequest, supplier: Supplier, offer_id: int) -> HttpResponse:
    _keep_pictures(request, _listing(request, offer_id))
    return redirect("supplier_offers:edit", offer_id)


def _keep_pictures(request: HttpRequest, listing: Listing) -> None:
    """Each file on its own: one that is refused does not take the others with it."""
    kept = 0
    for upload in request.FILES.getlist("pictures")[:MAX_FILES]:
        try:
            actions.add_picture(product=listing.product, upload=upload, alt=listing.product.title)
            kept += 1
        except DomainError as error:
            messages.error(request, f"{upload.name}: {error.detail}")
    if kept:
        messages.success(request, ngettext("%d picture added.", "%d pictures added.", kept) % kept)


@member_view
@require_POST
def change_picture(
    request: HttpRequest, supplier: Supplier, offer_id: int, picture_id: int
) -> HttpResponse:
    """Put a picture first, or take it away."""
    product = _listing(request, offer_id).product
    picture = Picture.objects.filter(product=product, pk=picture_id).first()
    if picture is None:
        raise NotFound(_("There is no such picture."))
    try:
        if request.POST.get("do") == "first":
            actions.lead_with(picture=picture)
        else:
            actions.remove_picture(picture=picture)
    except DomainError as error:
        said(request, error)
    return redirect("supplier_offers:edit", offer_id)
