"""Who is calling, tokens, and addresses."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import ModelSchema, Router, Schema, Status
from ninja.security import APIKeyCookie, HttpBearer

from accounts import actions
from accounts.caller import caller
from accounts.forms import AddressForm, TokenForm
from accounts.models import Address, ApiToken
from core import clock
from core.errors import Invalid
from core.schemas import Body

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

    param_name = settings.SESSION_COOKIE_NAME

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        return request.user if request.user.is_authenticated else None


authenticate = [Bearer(), Session()]


class Me(Schema):
    id: int
    username: str
    display_name: str
    email: str
    language: str


class AddressOut(ModelSchema):
    class Meta:
        model = Address
        fields = (
            "id", "recipient", "phone", "country", "region", "city", "district", "street",
            "postal_code", "is_default",
        )  # fmt: skip


class AddressIn(Body):
    recipient: str
    phone: str
    country: str = "CN"
    region: str
    city: str
    district: str = ""
    street: str
    postal_code: str = ""
    is_default: bool = False


class TokenIn(Body):
    name: str


class TokenOut(Schema):
    id: int
    name: str
    hint: str
    created_at: datetime
    last_used_at: datetime | None


class NewTokenOut(TokenOut):
    secret: str


def _checked(form: Any) -> Any:
    """The form when valid; else Invalid with one entry a field."""
    if form.is_valid():
        return form
    fields = [
        {"field": name, "message": str(message)}
        for name, messages in form.errors.items()
        for message in messages
    ]
    raise Invalid(_("Some fields are missing or malformed; see `fields`."), fields=fields)


@router.get("/me", response=Me, summary="The caller")
def me(request: HttpRequest) -> Any:
    return request.user


@router.get("/addresses", response=list[AddressOut], summary="My addresses")
def list_addresses(request: HttpRequest) -> Any:
    return Address.objects.for_actor(request.user)


@router.post("/addresses", response={201: AddressOut}, summary="Add an address")
def add_address(request: HttpRequest, body: AddressIn) -> Any:
    form = _checked(AddressForm(body.dict()))
    return Status(201, actions.save_address(user=caller(request), fields=form.fields_to_save()))


@router.get("/addresses/{address_id}", response=AddressOut, summary="One address")
def get_address(request: HttpRequest, address_id: int) -> Any:
    return Address.objects.fetch(request.user, pk=address_id)


@router.put("/addresses/{address_id}", response=AddressOut, summary="Replace an address")
def put_address(request: HttpRequest, address_id: int, body: AddressIn) -> Any:
    address = Address.objects.fetch(request.user, pk=address_id)
    form = _checked(AddressForm(body.dict()))
    return actions.save_address(user=caller(request), address=address, fields=form.fields_to_save())


@router.delete("/addresses/{address_id}", response={204: None}, summary="Delete an address")
def delete_address(request: HttpRequest, address_id: int) -> Any:
    actions.delete_address(
        user=caller(request), address=Address.objects.fetch(request.user, pk=address_id)
    )
    return Status(204, None)


@router.get("/tokens", response=list[TokenOut], summary="My API tokens")
def list_tokens(request: HttpRequest) -> Any:
    return ApiToken.objects.for_actor(request.user).order_by("-id")


# Signed-in browsers only: a leaked token must not be able to make itself successors.
@router.post("/tokens", response={201: NewTokenOut}, auth=Session(), summary="Issue an API token")
def issue_token(request: HttpRequest, body: TokenIn) -> Any:
    """The secret is in this answer and nowhere else. Needs a browser session, not a token."""
    form = _checked(TokenForm(body.dict()))
    token, secret = actions.issue_token(user=caller(request), name=form.cleaned_data["name"])
    token.refresh_from_db()
    return Status(201, {**TokenOut.from_orm(token).dict(), "secret": secret})


@router.delete("/tokens/{token_id}", response={204: None}, summary="Revoke an API token")
def revoke_token(request: HttpRequest, token_id: int) -> Any:
    actions.revoke_token(token=ApiToken.objects.fetch(request.user, pk=token_id))
    return Status(204, None)
