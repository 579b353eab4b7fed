"""What one may not do in which rooms, why, and how to object."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from core.errors import DomainError, NotFound
from rooms.actions import reports
from rooms.models import Sanction
from rooms.states import APPEAL

SHOWN = 50


@require_safe
@login_required
def sanctions_page(request: HttpRequest) -> HttpResponse:
    """rooms/sanctions.html: `sanctions`, newest first; an appeal that waits has `.answer_by`."""
    found = Sanction.objects.for_actor(request.user).select_related("anchor", "appeal")
    rows = list(found[:SHOWN])
    for row in rows:
        made = getattr(row, "appeal", None)
        if made is not None:
            made.answer_by = APPEAL.deadline_of(made)
    return render(request, "rooms/sanctions.html", {"sanctions": rows})


@require_POST
@login_required
def appeal(request: HttpRequest, pk: int) -> HttpResponse:
    """`text`: why it should be lifted."""
    assert isinstance(request.user, User)
    given = Sanction.objects.fetch(request.user, pk=pk)
    try:
        reports.appeal(given=given, user=request.user, text=request.POST.get("text", ""))
    except NotFound:
        raise
    except DomainError as error:
        messages.error(request, str(error.detail))
    else:
        messages.success(
            request, _("Your appeal is on its way. If nobody answers in time, you win it.")
        )
    return redirect("sanctions")


urls = [
    path("me/sanctions/", sanctions_page, name="sanctions"),
    path("me/sanctions/<int:pk>/appeal/", appeal, name="sanction-appeal"),
]
