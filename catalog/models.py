"""What is for sale and how it is described: product, variant, category, picture, listing."""

from __future__ import annotations

from typing import Any, Self

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from catalog import pictures
from core.access import ActorQuerySet
from supply.models import Offer


class Category(models.Model):
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    slug = models.SlugField(max_length=60, unique=True)
    name_en = models.CharField(max_length=60)
    name_zh = models.CharField(max_length=60)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "slug"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name

    def with_descendants(self) -> list[int]:
        """Ids of this category and of all below it."""
        found, level = [self.pk], [self.pk]
        while level:
            below = Category.objects.filter(parent__in=level).exclude(pk__in=found)
            level = list(below.values_list("pk", flat=True))
            found += level
        return found

    @property
    def name(self) -> str:
        return self.name_zh if (get_language() or "").startswith("zh") else self.name_en


class Product(models.Model):
    """The thing itself, whoever sells it. `search` is kept by `catalog.search`."""

    title = models.CharField(_("title"), max_length=160)
    description = models.TextField(_("description"), blank=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    brand = models.CharField(_("brand"), max_length=80, blank=True)
    search = SearchVectorField(null=True, editable=False)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [GinIndex(fields=["search"], name="catalog_product_search")]

    def __str__(self) -> str:
        return self.title


class Variant(models.Model):
    """A product in one combination of options."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    option_values = models.JSONField(default=dict, blank=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "option_values"], name="catalog_variant_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.label}".strip()

    @property
    def label(self) -> str:
        return " / ".join(str(value) for value in self.option_values.values())


class Picture(models.Model):
    """A checked and re-encoded picture. `widths` lists the WebP files that exist, in pixels."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="pictures")
    key = models.CharField(max_length=40, unique=True)
    widths = models.JSONField(default=list)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    alt = models.CharField(max_length=160, blank=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return f"{self.key} ({self.width}×{self.height})"

    @property
    def src(self) -> str:
        return pictures.url(self.key, 640)

    @property
    def srcset(self) -> str:
        return pictures.srcset(self)


class ListingQuerySet(ActorQuerySet["Listing"]):
    def on_sale(self) -> Self:
        """Listings with something that may be sold now; its stock may still be used up."""
        selling = ListingVariant.objects.filter(
            listing=models.OuterRef("pk"), offer__in=Offer.objects.selling()
        )
        return self.filter(models.Exists(selling), status=Listing.Status.PUBLISHED)

    def was_on_sale(self) -> Self:
        """Listings that anybody could see once: one of their offers is no draft any more."""
        shown = ListingVariant.objects.filter(listing=models.OuterRef("pk")).exclude(
            offer__status=Offer.Status.DRAFT
        )
        return self.filter(models.Exists(shown))

    def for_display(self) -> Self:
        """With all that a tile or a page shows, in a fixed number of queries."""
        return self.select_related("product__category", "supplier").prefetch_related(
            "items__variant", "items__offer__stock", "product__pictures"
        )

    def for_actor(self, user: Any) -> Self:
        return self if user.is_staff else self.filter(supplier__members=user)


class Listing(models.Model):
    """A product put on sale by one supplier: what anchors select and viewers see."""

    class Status(models.TextChoices):
        PUBLISHED = "published", _("Published")
        UNLISTED = "unlisted", _("Unlisted")

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="listings")
    supplier = models.ForeignKey(
        "supply.Supplier", on_delete=models.PROTECT, related_name="listings"
    )
    slug = models.SlugField(max_length=80, unique=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PUBLISHED)
    remorse_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Empty: the house's default.")
    )
    published_at = models.DateTimeField(db_default=Now())

    objects = ListingQuerySet.as_manager()

    class Meta:
        verbose_name = _("listing")
        ordering = ["-published_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "supplier"], name="catalog_listing_once_a_supplier"
            )
        ]

    def __str__(self) -> str:
        return str(self.product)

    def get_absolute_url(self) -> str:
        return reverse("goods:detail", args=[self.slug])

    @property
    def selling_items(self) -> list[ListingVariant]:
        """The variants whose offer is active, in their order."""
        return [item for item in self.items.all() if item.offer.status == Offer.Status.ACTIVE]

    @property
    def price_range(self) -> tuple[int, int]:
        """Lowest and highest price in minor units of the active variants; (0, 0) without any."""
        prices = [item.price_minor for item in self.selling_items] or [0]
        return min(prices), max(prices)

    @property
    def currency(self) -> str:
        items = self.items.all()
        return items[0].currency if items else "CNY"

    @property
    def left(self) -> int:
        """Units of all active variants that can be bought now."""
        return sum(item.left for item in self.selling_items)

    @property
    def is_sold_out(self) -> bool:
        return self.left == 0

    @property
    def picture(self) -> Picture | None:
        pictures = self.product.pictures.all()
        return pictures[0] if pictures else None


class ListingVariant(models.Model):
    """One buyable line of a listing: which offer fulfils it, at what price in minor units."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="items")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    offer = models.OneToOneField(
        "supply.Offer", on_delete=models.PROTECT, related_name="listing_variant"
    )
    price_minor = models.PositiveBigIntegerField(validators=[MinValueValidator(1)])
    currency = models.CharField(max_length=3, default="CNY")

    class Meta:
        ordering = ["variant__position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["listing", "variant"], name="catalog_listing_variant_once"
            ),
            models.CheckConstraint(
                condition=models.Q(price_minor__gte=1), name="catalog_price_positive"
            ),
        ]

    def __str__(self) -> str:
        return str(self.variant)

    @property
    def left(self) -> int:
        stock = getattr(self.offer, "stock", None)
        return stock.available if stock else 0


class OfferImport(models.Model):
    """One file of a supplier on its way in. `rows_done` is what is committed: a repeat goes on there."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")

    supplier = models.ForeignKey(
        "supply.Supplier", on_delete=models.CASCADE, related_name="offer_imports"
    )
    fingerprint = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    rows_done = models.PositiveIntegerField(default=0)
    summary = models.JSONField(default=dict)
    started_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "fingerprint"],
                condition=models.Q(state="running"),
                name="catalog_import_once_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.supplier} {self.rows_done}"


class FeedMapping(models.Model):
    """Which column means what in a supplier's files with this header; `columns` maps name to field."""

    supplier = models.ForeignKey(
        "supply.Supplier", on_delete=models.CASCADE, related_name="feed_mappings"
    )
    header = models.CharField(max_length=64)
    columns = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["supplier", "header"], name="catalog_mapping_once")
        ]

    def __str__(self) -> str:
        return f"{self.supplier} {self.header[:8]}"


class PictureRequest(models.Model):
    """A picture that a feed names by its address; it is fetched later, from public hosts only."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        KEPT = "kept", _("Kept")
        REFUSED = "refused", _("Refused")

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="picture_requests")
    url = models.CharField(max_length=2000)
    alt = models.CharField(max_length=160, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "url"], name="catalog_picture_asked_once")
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=models.Q(state="waiting"),
                name="catalog_picture_waiting",
            )
        ]

    def __str__(self) -> str:
        return self.url
