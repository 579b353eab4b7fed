"""The embedded video origin: parts in, low-latency HLS out, everything recorded."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from streaming.origin.application import Origin
from streaming.origin.desk import DjangoDesk

__all__ = ["Origin", "origin"]


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "streams"


def _secret() -> str:
    return settings.STREAM_SIGNING_KEY


origin = Origin(folder=_folder, secret=_secret, desk=DjangoDesk)
