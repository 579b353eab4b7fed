"""Who is calling, tokens, and addresses."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest
from ninja import Router
from ninja.security import APIKeyCookie, HttpBearer

from accounts.models import ApiToken
from core import clock

router = Router(tags=["accounts"])


class Bearer(HttpBearer):
    """`Authorization: Bearer <token>`; the token's owner becomes `request.user`."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        digest = hashlib.sha256(token.encode()).hexdigest()
        known = (
            ApiToken.objects.select_related("user")
            .filter(digest=digest, revoked_at__isnull=True, user__is_active=True)
            .first()
        )
        if known is None:
            return None
        ApiToken.objects.filter(pk=known.pk).update(last_used_at=clock.now())
        request.user = known.user
        return known.user


class Session(APIKeyCookie):
    """The browser's own session, with Django's CSRF check on unsafe methods."""

    param_name = "sessionid"

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        return request.user if request.user.is_authenticated else None


authenticate = [Bearer(), Session()]
