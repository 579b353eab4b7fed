"""Pages and files of the catalogue."""

from __future__ import annotations

from django.core.exceptions import SuspiciousOperation
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse


def media(request: HttpRequest, path: str) -> HttpResponse:
    """A re-encoded picture by its random name; immutable, so caches may keep it for a year."""
    try:
        with default_storage.open(path, "rb") as file:
            body = file.read()
    except (OSError, ValueError, SuspiciousOperation) as error:
        raise Http404 from error
    return HttpResponse(
        body,
        content_type="image/webp",
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )
