"""What people may type about themselves."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Address, User

# Where parcels go today; the code is ISO 3166-1 alpha-2.
COUNTRIES = [
    ("CN", _("China")),
    ("HK", _("Hong Kong")),
    ("MO", _("Macao")),
    ("TW", _("Taiwan")),
    ("SG", _("Singapore")),
    ("MY", _("Malaysia")),
    ("JP", _("Japan")),
    ("KR", _("South Korea")),
    ("US", _("United States")),
    ("GB", _("United Kingdom")),
    ("DE", _("Germany")),
    ("FR", _("France")),
    ("AU", _("Australia")),
    ("CA", _("Canada")),
]


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("display_name",)
        help_texts: ClassVar[dict[str, Any]] = {
            "display_name": _("Shown in chat and in rooms instead of your user name.")
        }

    def clean_display_name(self) -> str:
        return " ".join(self.cleaned_data["display_name"].split())


class AddressForm(forms.ModelForm):
    country = forms.ChoiceField(label=_("Country"), choices=COUNTRIES, initial="CN")

    class Meta:
        model = Address
        fields = (
            "recipient", "phone", "country", "region", "city", "district", "street",
            "postal_code", "is_default",
        )  # fmt: skip
        widgets: ClassVar[dict[str, Any]] = {
            "recipient": forms.TextInput(attrs={"autocomplete": "name"}),
            "phone": forms.TextInput(
                attrs={"autocomplete": "tel", "inputmode": "tel", "type": "tel"}
            ),
            "region": forms.TextInput(attrs={"autocomplete": "address-level1"}),
            "city": forms.TextInput(attrs={"autocomplete": "address-level2"}),
            "district": forms.TextInput(attrs={"autocomplete": "address-level3"}),
            "street": forms.TextInput(attrs={"autocomplete": "street-address"}),
            "postal_code": forms.TextInput(attrs={"autocomplete": "postal-code"}),
        }

    def fields_to_save(self) -> dict[str, Any]:
        """Cleaned data by the names of `Address`; valid forms only."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("What is it for?"),
        max_length=60,
        help_text=_("A name that helps you to tell your tokens apart, such as “warehouse”."),
    )
