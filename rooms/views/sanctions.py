"""What was decided against oneself or one's rooms, why, and how to object."""

from __future__ import annotations

from collections.abc import Callable

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
from rooms.models import RoomDecision, Sanction
from rooms.states import APPEAL

SHOWN = 50


@require_safe
@login_required
def sanctions_page(request: HttpRequest) -> HttpResponse:
    """rooms/sanctions.html: `sanctions` and `decisions` about one's rooms, newest first; an appeal
    that waits has `.answer_by`.
    """
    given = Sanction.objects.for_actor(request.user).select_related("anchor", "appeal")
    made = RoomDecision.objects.for_actor(request.user).select_related("room", "appeal")
    sanctions, decisions = list(given[:SHOWN]), list(made[:SHOWN])
    for row in (*sanctions, *decisions):
        objection = getattr(row, "appeal", None)
        if objection is not None and objection.state == "OPEN":
            objection.answer_by = APPEAL.deadline_of(objection)
    return render(request, "rooms/sanctions.html", {"sanctions": sanctions, "decisions": decisions})


@require_POST
@login_required
def appeal(request: HttpRequest, pk: int) -> HttpResponse:
    """`text`: why it should be lifted."""
    assert isinstance(request.user, User)
    me, text = request.user, request.POST.get("text", "")
    given = Sanction.objects.fetch(me, pk=pk)
    return _object(request, lambda: reports.appeal(given=given, user=me, text=text))


@require_POST
@login_required
def appeal_decision(request: HttpRequest, pk: int) -> HttpResponse:
    """`text`: why it should be taken back."""
    assert isinstance(request.user, User)
    me, text = request.user, request.POST.get("text", "")
    made = RoomDecision.objects.fetch(me, pk=pk)
    return _object(request, lambda: reports.appeal_decision(made=made, user=me, text=text))


def _object(request: HttpRequest, work: Callable[[], object]) -> HttpResponse:
    try:
        work()
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
    path("me/sanctions/rooms/<int:pk>/appeal/", appeal_decision, name="decision-appeal"),
]
