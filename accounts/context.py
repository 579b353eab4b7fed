"""What every page may know about its reader."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def identity(request: HttpRequest) -> dict[str, Any]:
    return {"viewer": getattr(request, "user", None)}
