"""Media servers behind one protocol. A new one: a module here, and a line in `BACKENDS`."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from streaming.backends.base import (
    BackendEvent,
    Decision,
    PublishGrant,
    Recording,
    Source,
    VideoBackend,
)

__all__ = [
    "BackendEvent",
    "Decision",
    "PublishGrant",
    "Recording",
    "Source",
    "VideoBackend",
    "backend",
]

BACKENDS = {"embedded": "streaming.backends.embedded.EmbeddedBackend"}


def backend() -> VideoBackend:
    """The media server that VIDEO_BACKEND names."""
    return _made(settings.VIDEO_BACKEND)


@lru_cache
def _made(name: str) -> VideoBackend:
    if name not in BACKENDS:
        raise ImproperlyConfigured(f"VIDEO_BACKEND must be one of: {', '.join(BACKENDS)}.")
    return import_string(BACKENDS[name])()
