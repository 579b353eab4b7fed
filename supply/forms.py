"""Forms of the supplier's pages. What they accept is checked again by the actions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid

CURRENCIES = [
    (code, code) for code in ("CNY", "HKD", "USD", "EUR", "GBP", "JPY", "SGD", "MYR", "AUD")
]
CARRIERS = (
    "SF Express",
    "YTO",
    "ZTO",
    "STO",
    "Yunda",
    "JD Logistics",
    "EMS",
    "DHL",
    "FedEx",
    "UPS",
)


def to_minor(amount: Decimal, currency: str) -> int:
    """A typed price in minor units. Raises Invalid for more decimals than the currency has."""
    minor = amount.scaleb(get_currency_precision(currency))
    if minor != minor.to_integral_value():
        raise Invalid(
            str(_("%(currency)s has no such small amounts.")) % {"currency": currency},
            code="too_many_decimals",
        )
    return int(minor)


def to_major(minor: int, currency: str) -> Decimal:
    """Minor units as a person types them: 9900 → 99.00."""
    return Decimal(minor).scaleb(-get_currency_precision(currency))


class ApplyForm(forms.Form):
    name = forms.CharField(label=_("Company"), max_length=120)
    contact_email = forms.EmailField(label=_("E-mail for enquiries"), max_length=254)
    recipient = forms.CharField(label=_("Recipient of returns"), max_length=60)
    phone = forms.CharField(label=_("Phone"), max_length=20)
    region = forms.CharField(label=_("Province or state"), max_length=60)
    city = forms.CharField(label=_("City"), max_length=60)
    street = forms.CharField(label=_("Street and number"), max_length=160)
    postal_code = forms.CharField(label=_("Postal code"), max_length=12, required=False)

    def return_address(self) -> dict[str, str]:
        names = ("recipient", "phone", "region", "city", "street", "postal_code")
        return {"country": "CN", **{name: self.cleaned_data[name] for name in names}}


class Suggestions(forms.TextInput):
    """A text input with a list to choose from."""

    def __init__(self, options: tuple[str, ...]) -> None:
        super().__init__()
        self.options = options

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        attrs = {**(attrs or {}), "list": f"{name}-options"}
        options = format_html_join("", '<option value="{}"></option>', zip(self.options))
        box = super().render(name, value, attrs, renderer)
        return format_html('{}<datalist id="{}-options">{}</datalist>', box, name, options)


class ShipForm(forms.Form):
    carrier = forms.CharField(label=_("Carrier"), max_length=40, widget=Suggestions(CARRIERS))
    tracking_number = forms.CharField(label=_("Tracking number"), max_length=60)


class StockForm(forms.Form):
    on_hand = forms.IntegerField(label=_("On hand"), min_value=0, max_value=2_147_483_647)


class InspectForm(forms.Form):
    verdict = forms.ChoiceField(
        label=_("Verdict"),
        choices=[("accept", _("Accept: refund the buyer")), ("dispute", _("Dispute"))],
        widget=forms.RadioSelect,
    )
    restock = forms.BooleanField(
        label=_("Put the goods back on the shelf"),
        required=False,
        help_text=_("Only for goods that can be sold as new."),
    )
    note = forms.CharField(
        label=_("What you found"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed for a dispute; the buyer and the platform read it."),
    )
