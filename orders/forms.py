"""Forms of the order pages. What they accept is checked again by the actions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.models import AfterSaleCase, OrderLine


class BuyForm(forms.Form):
    """One item, bought without script. `key` makes a second click the same order."""

    placement = forms.IntegerField(required=False, min_value=1)
    variant = forms.IntegerField(required=False, min_value=1)
    listing_variant = forms.IntegerField(required=False, min_value=1)
    quantity = forms.IntegerField(required=False)
    address = forms.IntegerField(required=False, min_value=1)
    key = forms.CharField(required=False, max_length=255)


class ClaimForm(forms.Form):
    reason = forms.ChoiceField(label=_("Reason"), choices=AfterSaleCase.Reason.choices)
    quantity = forms.TypedChoiceField(label=_("Quantity"), coerce=int)
    description = forms.CharField(
        label=_("What happened"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, line: OrderLine, left: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if line.state in {"DELIVERED", "COMPLETED"}:
            choices = [(count, str(count)) for count in range(1, left + 1)]
        else:
            choices = [(left, str(left))]
        field = self.fields["quantity"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = choices
        field.initial = left


class DispatchForm(forms.Form):
    carrier = forms.CharField(label=_("Carrier"), max_length=40)
    tracking_number = forms.CharField(label=_("Tracking number"), max_length=60)


class NoteForm(forms.Form):
    text = forms.CharField(
        label=_("Message"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
