"""Reads the environment once, with errors that name the variable."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from liveshop.embedded.places import Places

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(os.environ.get("LIVESHOP_DATA") or BASE_DIR / "var").resolve()
PLACES = Places(DATA_DIR)


def text(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return value


def number(name: str, default: int) -> int:
    value = os.environ.get(name, "")
    try:
        return int(value) if value else default
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None


def flag(name: str, default: bool = False) -> bool:
    return os.environ.get(name, str(default)).strip().lower() in {"1", "true", "yes", "on"}


def items(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def database() -> dict[str, Any]:
    """DATABASES["default"] from DATABASE_URL, or the embedded server's socket."""
    url = urlsplit(os.environ.get("DATABASE_URL") or PLACES.database_url())
    if url.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://")
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")) or "liveshop",
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": query.pop("host", url.hostname or ""),
        "PORT": url.port or "",
        "OPTIONS": {**query, "pool": {"min_size": 1, "max_size": number("DATABASE_POOL", 20)}},
        "ATOMIC_REQUESTS": False,
    }


def redis_url() -> str:
    return os.environ.get("REDIS_URL") or PLACES.redis_url()
