"""A supplier's product as a form. Prices are typed in major units, the commission in per cent."""

from __future__ import annotations

import re
import secrets
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.assortment import Sku, Wording
from catalog.models import Category
from core.errors import DomainError, Invalid, NotFound
from core.money import BASIS_POINTS
from supply.forms import CURRENCIES, to_major, to_minor
from supply.models import Offer

MAX_ROWS = 100
MAX_FILES = 12


class ProductForm(forms.Form):
    title = forms.CharField(label=gettext_lazy("Title"), max_length=160)
    brand = forms.CharField(label=gettext_lazy("Brand"), max_length=80, required=False)
    category = forms.ModelChoiceField(
        label=gettext_lazy("Category"), queryset=Category.objects.all()
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), choices=CURRENCIES)
    commission = forms.DecimalField(
        label=gettext_lazy("Commission, %"),
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
        help_text=gettext_lazy("What an anchor earns of the price paid."),
    )
    dispatch_hours = forms.IntegerField(
        label=gettext_lazy("Dispatch within, hours"), min_value=1, max_value=720, initial=48
    )
    option_names = forms.CharField(
        label=gettext_lazy("Options"),
        required=False,
        max_length=120,
        help_text=gettext_lazy(
            "What the SKUs differ in, such as “Colour, Size”. Empty for one SKU."
        ),
    )

    def __init__(self, *args: Any, offers: list[Offer], **kwargs: Any) -> None:
        self.offers = offers
        first = offers[0] if offers else None
        if first is not None:
            kwargs.setdefault("initial", self._of(first))
        super().__init__(*args, **kwargs)
        if first is not None:
            # Prices on sale and past orders are in it.
            self.fields["currency"].disabled = True

    @staticmethod
    def _of(offer: Offer) -> dict[str, Any]:
        item = getattr(offer, "listing_variant", None)
        return {
            "title": offer.title,
            "brand": offer.brand,
            "category": item.listing.product.category_id if item else None,
            "description": offer.description,
            "currency": offer.currency,
            "commission": Decimal(offer.commission_bps) / 100,
            "dispatch_hours": offer.dispatch_hours,
            "option_names": ", ".join(offer.option_values),
        }

    def clean_option_names(self) -> list[str]:
        names = [part.strip() for part in re.split(r"[,，、/]", self.cleaned_data["option_names"])]
        names = [name for name in names if name]
        if len(set(names)) != len(names):
            raise ValidationError(_("Name each option once."))
        return names

    def wording(self) -> Wording:
        data = self.cleaned_data
        code = self.offers[0].product_code if self.offers else _new_code(data["title"])
        return Wording(
            product_code=code,
            title=data["title"],
            brand=data["brand"],
            description=data["description"],
            category=data["category"],
            currency=data["currency"],
            commission_bps=int(data["commission"] * BASIS_POINTS / 100),
            dispatch_hours=data["dispatch_hours"],
        )


class SkuForm(forms.Form):
    offer = forms.IntegerField(required=False, widget=forms.HiddenInput)
    sku = forms.CharField(label=gettext_lazy("SKU"), max_length=60)
    options = forms.CharField(
        label=gettext_lazy("Options"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("Red / M")}),
    )
    supply_price = forms.DecimalField(label=gettext_lazy("Supply price"), min_value=0)
    price = forms.DecimalField(label=gettext_lazy("Price to the buyer"), min_value=0)
    on_hand = forms.IntegerField(label=gettext_lazy("Stock"), min_value=0, max_value=2_147_483_647)
    offered = forms.BooleanField(label=gettext_lazy("Offered"), required=False, initial=True)

    def has_changed(self) -> bool:
        """A row of which nothing was typed is no row."""
        typed = set(self.changed_data) - {"offered", "offer"}
        return bool(typed) or bool(self.initial)


class SkuFormSet(BaseFormSet):
    def __init__(self, *args: Any, offers: list[Offer], **kwargs: Any) -> None:
        self.offers = {offer.pk: offer for offer in offers}
        kwargs.setdefault("initial", [_row_of(offer) for offer in offers])
        super().__init__(*args, **kwargs)

    def skus(self, wording: Wording, option_names: list[str]) -> list[Sku] | None:
        """The rows as data; None when one is wrong, which its form then says."""
        found: list[Sku] = []
        self.rows: list[forms.Form] = []
        for form in self.forms:
            if form.has_changed():
                self.rows.append(form)
                try:
                    found.append(self._sku(form.cleaned_data, wording, option_names))
                except DomainError as error:
                    form.add_error(None, str(error.detail))
        return found if all(not form.errors for form in self.rows) else None

    def _sku(self, data: dict[str, Any], wording: Wording, option_names: list[str]) -> Sku:
        offer = self.offers.get(data["offer"]) if data["offer"] else None
        if data["offer"] and offer is None:
            raise NotFound(_("There is no such offer."))
        values = [part.strip() for part in data["options"].split("/")] if data["options"] else []
        if len(values) != len(option_names):
            raise Invalid(
                _("Give a value for each option, in their order: %s.") % " / ".join(option_names)
                if option_names
                else _("Name the options of the product first, or leave this empty.")
            )
        return Sku(
            offer=offer,
            sku=data["sku"],
            option_values=dict(zip(option_names, values, strict=True)),
            supply_price_minor=to_minor(data["supply_price"], wording.currency),
            price_minor=to_minor(data["price"], wording.currency),
            on_hand=data["on_hand"],
            offered=data["offered"],
        )


def sku_formset(extra: int = 0) -> type[SkuFormSet]:
    made: Any = formset_factory(
        SkuForm, formset=SkuFormSet, extra=extra, absolute_max=MAX_ROWS + 1, max_num=MAX_ROWS
    )
    return made


class Files(forms.ClearableFileInput):
    allow_multiple_selected = True


class PicturesForm(forms.Form):
    """Several files at once; what is in them is checked by `catalog.pictures`."""

    pictures = forms.FileField(
        label=gettext_lazy("Pictures"),
        required=False,
        widget=Files(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        help_text=gettext_lazy("JPEG, PNG or WebP, at most 10 MB each. The first one leads."),
    )


def _row_of(offer: Offer) -> dict[str, Any]:
    item = getattr(offer, "listing_variant", None)
    price = item.price_minor if item else offer.suggested_price_minor
    return {
        "offer": offer.pk,
        "sku": offer.sku,
        "options": offer.option_label,
        "supply_price": to_major(offer.supply_price_minor, offer.currency),
        "price": to_major(price, offer.currency),
        "on_hand": offer.stock.on_hand,
        "offered": offer.status != Offer.Status.WITHDRAWN,
    }


def _new_code(title: str) -> str:
    return f"{slugify(title)[:40].strip('-') or 'product'}-{secrets.token_hex(3)}"
