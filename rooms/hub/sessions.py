"""Who is behind a session cookie, and whether they still are."""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from accounts.models import User
from core import clock
from rooms.hub.viewer import Identity

SESSION_OVER = 4001


def identify(session_key: str) -> Identity | None:
    """The signed-in, active owner of a session; None for anybody else."""
    store: Any = import_module(settings.SESSION_ENGINE).SessionStore
    request = HttpRequest()
    request.session = store(session_key)
    user = get_user(request)
    if not isinstance(user, User) or not user.is_active:
        return None
    return Identity(user.pk, user.name, session_key, user.get_session_auth_hash(), user.username)


def still_valid(identities: Collection[Identity]) -> set[Identity]:
    """Those whose session exists and whose account is active with the same password."""
    keys = set(
        Session.objects.filter(
            pk__in={who.session_key for who in identities}, expire_date__gt=clock.now()
        ).values_list("pk", flat=True)
    )
    users = User.objects.filter(is_active=True).only("pk", "password")
    proofs = {
        user.pk: user.get_session_auth_hash()
        for user in users.filter(pk__in={who.user_id for who in identities})
    }
    return {
        who
        for who in identities
        if who.session_key in keys and proofs.get(who.user_id) == who.proof
    }
