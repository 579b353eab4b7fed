"""Who stands behind a request."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Forbidden


def caller(request: HttpRequest) -> User:
    """The signed-in person. Raises Forbidden for a guest; views keep guests out before."""
    if not isinstance(request.user, User):
        raise Forbidden(_("Sign in first."))
    return request.user
