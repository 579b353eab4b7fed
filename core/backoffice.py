"""States in the back office as people read them: named, coloured, and the same in lists and filters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

from django.contrib.admin import ChoicesFieldListFilter
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.templatetags.design import TONES, state_label

_COLOURS = {
    "good": "success",
    "warn": "warning",
    "bad": "danger",
    "info": "info",
    "accent": "primary",
}


def state_badge(
    field: str = "state", *, ordered: bool = True
) -> Callable[[Any, Any], tuple[str, str]]:
    """A column for `list_display`: the name of the state in `field` as a coloured badge.

    `ordered`: whether the list may be sorted by it, so not for a property.
    """

    @display(
        description=_("state"),
        ordering=field if ordered else None,
        label={state: _COLOURS[tone] for state, tone in TONES.items()},
    )
    def shown(_admin: Any, obj: Any) -> tuple[str, str]:
        state = str(getattr(obj, field))
        # A state without a tone still shows its name: the list falls back to the first part.
        return (state, state_label(state)) if state in TONES else (state_label(state), "")

    return cast("Callable[[Any, Any], tuple[str, str]]", shown)


class StateFilter(ChoicesFieldListFilter):
    """The filter beside a list, with the names of states in the reader's language."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        names = {label: state_label(value) for value, label in self.field.flatchoices if value}
        for choice in super().choices(changelist):
            yield {**choice, "display": names.get(choice["display"], choice["display"])}
