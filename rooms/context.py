"""What rooms add to every page: notices of shows that the reader asked to be reminded of."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from rooms import reminders
from rooms.models import Reminder


def show_notices(request: HttpRequest) -> dict[str, Any]:
    """`show_notices`: reminders to show now; asked of the database only where a page shows them."""

    def due() -> list[Reminder]:
        found = reminders.notices(getattr(request, "user", None))
        # Who is in the room already sees it.
        return [one for one in found if one.room.get_absolute_url() != request.path]

    return {"show_notices": SimpleLazyObject(due)}
