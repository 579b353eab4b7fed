"""What people do with their own account: profile, addresses, tokens."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Address, ApiToken, Follow, User
from core import clock
from core.errors import Conflict, Invalid

MAX_ADDRESSES = 20
MAX_TOKENS = 20
TOKEN_PREFIX = "lsk_"  # noqa: S105 - lets secret scanners know one when they see one


def _lock(user: User) -> None:
    """One change of a person's book at a time; held until the caller's transaction ends."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)


@transaction.atomic
def save_address(*, user: User, fields: dict[str, Any], address: Address | None = None) -> Address:
    """Add an address, or change `address`; the first one, and one with is_default, becomes the default.

    Locks the user's row, so that two requests cannot make two defaults. Raises Conflict past
    MAX_ADDRESSES. `fields` must have passed AddressForm.
    """
    _lock(user)
    own = Address.objects.for_actor(user)
    if address is None:
        if own.count() >= MAX_ADDRESSES:
            raise Conflict(
                _("You have %(number)s addresses already; delete one you no longer need.")
                % {"number": MAX_ADDRESSES},
                code="too_many_addresses",
            )
        address = Address(user=user)
    others = own.exclude(pk=address.pk)
    for name, value in fields.items():
        setattr(address, name, value)
    if not others.filter(is_default=True).exists():
        address.is_default = True
    elif address.is_default:
        others.update(is_default=False)
    address.save()
    return address


def set_following(*, follower: User, anchor: User, on: bool) -> None:
    """Follow `anchor`, or stop; either is harmless when it is so already. Raises Invalid for oneself."""
    if follower.pk == anchor.pk:
        raise Invalid(_("You cannot follow yourself."), code="own_account")
    if on:
        Follow.objects.get_or_create(follower=follower, anchor=anchor)
    else:
        Follow.objects.filter(follower=follower, anchor=anchor).delete()


@transaction.atomic
def make_default(*, user: User, address: Address) -> None:
    """Use `address` unless another is chosen. Locks the user's row."""
    _lock(user)
    Address.objects.for_actor(user).exclude(pk=address.pk).update(is_default=False)
    Address.objects.for_actor(user).filter(pk=address.pk).update(is_default=True)


@transaction.atomic
def delete_address(*, user: User, address: Address) -> None:
    """Forget an address; the newest of the others becomes the default. Past orders keep their copy."""
    _lock(user)
    address.delete()
    own = Address.objects.for_actor(user)
    if not own.filter(is_default=True).exists() and (newest := own.order_by("-id").first()):
        own.filter(pk=newest.pk).update(is_default=True)


@transaction.atomic
def issue_token(*, user: User, name: str) -> tuple[ApiToken, str]:
    """A new API token and its secret, which is not stored and cannot be shown again.

    Locks the user's row. Raises Conflict past MAX_TOKENS live ones.
    """
    _lock(user)
    if ApiToken.objects.for_actor(user).count() >= MAX_TOKENS:
        raise Conflict(
            _("You have %(number)s tokens already; revoke one first.") % {"number": MAX_TOKENS},
            code="too_many_tokens",
        )
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        digest=hashlib.sha256(secret.encode()).hexdigest(),
        hint=secret[:8],
    )
    return token, secret


def revoke_token(*, token: ApiToken) -> None:
    """The token stops working with the next request."""
    ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=clock.now())
