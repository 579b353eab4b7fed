"""A secret that a development machine makes for itself once."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def local_secret(path: Path) -> str:
    """Read the secret at `path`, or create it readable by its owner only. Safe to race.

    Raises ImproperlyConfigured when the folder cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"cannot create {path.parent} ({error.strerror}): set LIVESHOP_DATA to another folder."
        ) from error
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if value := path.read_text().strip():
            return value
        handle = os.open(path, os.O_WRONLY | os.O_TRUNC)
    value = secrets.token_urlsafe(48)
    with os.fdopen(handle, "w") as file:
        file.write(value)
    return value
