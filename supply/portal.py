"""Who stands at the supplier's counter: the member's supplier, chosen when there are several."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from core.errors import DomainError, NotFound
from supply.models import Supplier

CHOICE = "supplier"
View = Callable[..., HttpResponse]


def current(request: HttpRequest) -> Supplier | None:
    """The supplier that the person works for now: the chosen one, else the first, else none."""
    mine = list(Supplier.objects.of_member(request.user))
    chosen = request.session.get(CHOICE)
    return next((one for one in mine if one.pk == chosen), mine[0] if mine else None)


def choose(request: HttpRequest, supplier: Supplier) -> None:
    request.session[CHOICE] = supplier.pk


def member_view(view: View) -> View:
    """Calls `view(request, supplier, ...)` for members; sends others to where one applies."""

    @login_required
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        supplier = current(request)
        if supplier is None:
            return redirect("supplier:apply")
        return view(request, supplier, *args, **kwargs)

    return wrapped


def said(request: HttpRequest, error: DomainError) -> None:
    """Put a refusal into a message. What is missing stays missing."""
    if isinstance(error, NotFound):
        raise error
    messages.error(request, str(error.detail) or str(error.title))
