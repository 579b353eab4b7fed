"""`/api/v1`: every app's router, one error form, two ways to sign in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError

from accounts.api import authenticate
from accounts.api import router as accounts_router
from catalog.api import router as catalog_router
from core.errors import DomainError, Invalid
from core.problems import problem_response
from insights.api import router as insights_router
from ledger.api import router as ledger_router
from liveshop.openapi import describe_errors
from orders.api import router as orders_router
from promotion.api import router as promotion_router
from rooms.api import router as rooms_router
from rooms.api_deals import router as room_deals_router
from streaming.api import router as streaming_router
from supply.api import router as supply_router


class LiveshopAPI(NinjaAPI):
    def get_openapi_schema(self, **options: Any) -> Any:
        schema = super().get_openapi_schema(**options)
        describe_errors(schema)
        return schema


api = LiveshopAPI(
    title="Liveshop",
    version="1.0.0",
    description="Live commerce: rooms, goods, orders, supply and money.",
    auth=authenticate,
    urls_namespace="api",
)
api.add_router("", accounts_router)
api.add_router("", catalog_router)
api.add_router("", promotion_router)
api.add_router("", rooms_router)
api.add_router("", room_deals_router)
api.add_router("", streaming_router)
api.add_router("", orders_router)
api.add_router("", supply_router)
api.add_router("", ledger_router)
api.add_router("", insights_router)


@api.exception_handler(DomainError)
def _domain_error(request: HttpRequest, error: DomainError) -> HttpResponse:
    return problem_response(error)


@api.exception_handler(AuthenticationError)
def _not_signed_in(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    refused = DomainError(
        "Sign in, or send Authorization: Bearer <token>.", code="not_authenticated"
    )
    refused.status = 401
    refused.title = "Not signed in"
    return problem_response(refused)


@api.exception_handler(ValidationError)
def _malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields: list[dict[str, Any]] = [
        {"field": ".".join(map(str, item["loc"][1:])), "message": item["msg"]}
        for item in error.errors
    ]
    return problem_response(
        Invalid("Some fields are missing or malformed; see `fields`.", fields=fields)
    )
