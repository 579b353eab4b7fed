"""Pages and files of the catalogue."""

from __future__ import annotations

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest
from django.utils._os import safe_join


def media(request: HttpRequest, path: str) -> FileResponse:
    """A re-encoded picture by its random name; immutable, so caches may keep it for a year."""
    try:
        file = open(safe_join(settings.MEDIA_ROOT, path), "rb")  # noqa: SIM115
    except (OSError, ValueError) as error:
        raise Http404 from error
    response = FileResponse(file, content_type="image/webp")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
