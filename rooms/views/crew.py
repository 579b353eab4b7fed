"""An anchor's crew, and the crews one is in."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from core.errors import DomainError
from rooms.actions import crew
from rooms.models import CrewMember


@require_safe
@login_required
def crew_page(request: HttpRequest) -> HttpResponse:
    """rooms/crew.html: `members` (one's own crew, invited and at work), `roles` to invite for,
    `invitations` (to oneself), `helping` (one's memberships elsewhere)."""
    me = _me(request)
    own = CrewMember.objects.open().filter(anchor=me).select_related("user")
    helping = CrewMember.objects.at_work().filter(user=me).select_related("anchor")
    return render(
        request,
        "rooms/crew.html",
        {
            "members": own,
            "roles": CrewMember.Role.choices,
            "invitations": crew.invitations(me),
            "helping": helping,
        },
    )


@require_POST
@login_required
def invite(request: HttpRequest) -> HttpResponse:
    """`who`: user name or e-mail address; `role`."""
    try:
        crew.invite(
            anchor=_me(request),
            who=request.POST.get("who", ""),
            role=request.POST.get("role", ""),
        )
    except DomainError as error:
        messages.error(request, str(error.detail))
    else:
        messages.success(request, _("Invited. They find it under “Crew” in their studio."))
    return redirect("crew")


@require_POST
@login_required
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    member = crew.accept(member_id=pk, user=_me(request))
    messages.success(
        request, _("You help in the rooms of %(name)s now.") % {"name": member.anchor.name}
    )
    return redirect("studio")


@require_POST
@login_required
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    crew.decline(member_id=pk, user=_me(request))
    return redirect("crew")


@require_POST
@login_required
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    crew.leave(member_id=pk, user=_me(request))
    return redirect("crew")


@require_POST
@login_required
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    crew.remove(member_id=pk, anchor=_me(request))
    return redirect("crew")


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


urls = [
    path("studio/crew/", crew_page, name="crew"),
    path("studio/crew/invite/", invite, name="crew-invite"),
    path("studio/crew/<int:pk>/accept/", accept, name="crew-accept"),
    path("studio/crew/<int:pk>/decline/", decline, name="crew-decline"),
    path("studio/crew/<int:pk>/leave/", leave, name="crew-leave"),
    path("studio/crew/<int:pk>/remove/", remove, name="crew-remove"),
]
