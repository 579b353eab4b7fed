"""Domain errors on their way out: problem documents for machines, a page or a fragment for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from core.errors import DomainError


def problem_response(error: DomainError) -> JsonResponse:
    """RFC 9457, with Retry-After where the error names seconds."""
    response = JsonResponse(
        error.problem(), status=error.status, content_type="application/problem+json"
    )
    if retry := error.extra.get("retry_after"):
        response["Retry-After"] = str(retry)
    return response


class ProblemMiddleware:
    """Turns a DomainError that no view caught into an answer. Unknown errors stay 500."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        accepts_json = "json" in request.headers.get("Accept", "") and not request.accepts(
            "text/html"
        )
        if request.path.startswith("/api/") or accepts_json:
            return problem_response(error)
        context = {"problem": error.problem()}
        fragment: Any = getattr(request, "htmx", False)
        if not fragment:
            return render(request, "core/problem.html", context, status=error.status)
        response = render(request, "core/problem.html#body", context, status=error.status)
        # A refusal must not replace what the reader was working on: it lands among the toasts.
        response["HX-Retarget"] = "#toasts"
        response["HX-Reswap"] = "beforeend"
        return response
