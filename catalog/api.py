"""HTTP API of the catalogue. Reading is open to everybody; listing is for a supplier's members."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import File, Form, Query, Router, Schema, Status, UploadedFile
from ninja.pagination import paginate

from accounts.caller import caller
from catalog import actions
from catalog.models import Category, Listing, Picture
from catalog.search import search
from core.errors import NotFound
from core.pagination import RankedPagination
from core.schemas import Body
from supply.models import Offer

router = Router(tags=["catalog"])


class CategoryOut(Schema):
    slug: str
    name: str
    parent: str | None = None

    @staticmethod
    def resolve_parent(category: Category) -> str | None:
        return category.parent.slug if category.parent else None


class PictureOut(Schema):
    id: int
    src: str
    srcset: str
    alt: str
    width: int
    height: int


class ListingOut(Schema):
    """`left` is what can be bought now, of all variants."""

    id: int
    slug: str
    title: str
    brand: str
    category: str
    supplier: str
    currency: str
    lowest_price_minor: int
    highest_price_minor: int
    left: int
    picture: PictureOut | None

    @staticmethod
    def resolve_title(listing: Listing) -> str:
        return listing.product.title

    @staticmethod
    def resolve_brand(listing: Listing) -> str:
        return listing.product.brand

    @staticmethod
    def resolve_category(listing: Listing) -> str:
        return listing.product.category.slug

    @staticmethod
    def resolve_supplier(listing: Listing) -> str:
        return listing.supplier.name

    @staticmethod
    def resolve_lowest_price_minor(listing: Listing) -> int:
        return listing.price_range[0]

    @staticmethod
    def resolve_highest_price_minor(listing: Listing) -> int:
        return listing.price_range[1]


class VariantOut(Schema):
    """`id` is the `listing_variant_id` of an order."""

    id: int
    label: str
    option_values: dict[str, str]
    price_minor: int
    currency: str
    left: int

    @staticmethod
    def resolve_label(item: Any) -> str:
        return item.variant.label

    @staticmethod
    def resolve_option_values(item: Any) -> dict[str, str]:
        return item.variant.option_values


class ListingDetailOut(ListingOut):
    description: str
    pictures: list[PictureOut]
    variants: list[VariantOut]

    @staticmethod
    def resolve_description(listing: Listing) -> str:
        return listing.product.description

    @staticmethod
    def resolve_pictures(listing: Listing) -> list[Picture]:
        return list(listing.product.pictures.all())

    @staticmethod
    def resolve_variants(listing: Listing) -> list[Any]:
        return listing.selling_items


class ListIn(Body):
    """Without a price the suggested one is taken for a new variant, and a listed one keeps its own."""

    price_minor: int | None = None
    category: str | None = None


@router.get("/categories", response=list[CategoryOut], auth=None, summary="All categories")
def categories(request: HttpRequest) -> Any:
    return Category.objects.select_related("parent")


@router.get("/listings", response=list[ListingOut], auth=None, summary="Search goods on sale")
@paginate(RankedPagination)
def listings(
    request: HttpRequest,
    q: str = Query("", max_length=80, description="Words, Chinese or both; all must occur."),
    category: str = "",
) -> Any:
    """Best match first; without `q` the newest first. A category includes those below it."""
    return search(q, category=_category(category) if category else None)


@router.get("/listings/{slug}", response=ListingDetailOut, auth=None, summary="One listing")
def listing(request: HttpRequest, slug: str) -> Any:
    found = Listing.objects.on_sale().for_display().filter(slug=slug).first()
    if found is None:
        raise NotFound("There is no such listing on sale.")
    return found


@router.put("/offers/{offer_id}/listing", response=ListingDetailOut, summary="Put an offer on sale")
def list_offer(request: HttpRequest, offer_id: int, body: ListIn) -> Any:
    """One step, and repeatable: offers with the same product code are variants of one listing."""
    made = actions.list_offer(
        offer=_offer(request, offer_id),
        actor=request.user,
        price_minor=body.price_minor,
        category=_category(body.category) if body.category else None,
    )
    return Listing.objects.for_display().get(pk=made.pk)


@router.delete(
    "/offers/{offer_id}/listing", response={204: None}, summary="Take its product off sale"
)
def unlist(request: HttpRequest, offer_id: int) -> Any:
    actions.unlist(listing=_listing(request, offer_id), actor=request.user)
    return Status(204, None)


@router.post("/offers/{offer_id}/pictures", response={201: PictureOut}, summary="Add a picture")
def add_picture(
    request: HttpRequest, offer_id: int, file: File[UploadedFile], alt: Form[str] = ""
) -> Any:
    """JPEG, PNG or WebP, at most 10 MB and 40 million pixels; kept as WebP only."""
    product = _listing(request, offer_id).product
    return Status(201, actions.add_picture(product=product, upload=file, alt=alt))


def _offer(request: HttpRequest, offer_id: int) -> Offer:
    return Offer.objects.select_related("supplier").fetch(caller(request), pk=offer_id)


def _listing(request: HttpRequest, offer_id: int) -> Listing:
    item = getattr(_offer(request, offer_id), "listing_variant", None)
    if item is None:
        raise NotFound("This offer is not listed yet.")
    return item.listing


def _category(slug: str) -> Category:
    found = Category.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound("There is no such category.")
    return found
