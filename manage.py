#!/usr/bin/env python3
"""Django's commands, with the embedded services running for as long as a command needs them."""

import os
import sys
from contextlib import nullcontext

# These need no database, or bring the services up themselves.
SELF_SUFFICIENT = {
    "up",
    "help",
    "--help",
    "-h",
    "--version",
    "version",
    "collectstatic",
}


def main() -> None:
    os.environ.setdefault(
        "DJANGO_SETTINGS_MODULE",
        f"liveshop.settings.{os.environ.get('LIVESHOP_ENV', 'development')}",
    )
    from django.core.exceptions import ImproperlyConfigured

    from liveshop.commands import Commands
    from liveshop.embedded import EmbeddedError, running
    from liveshop.settings.environment import DATA_DIR

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    try:
        alone = command in SELF_SUFFICIENT or "LIVESHOP_SUPERVISED" in os.environ
        with nullcontext() if alone else running(DATA_DIR):
            Commands(sys.argv).execute()
    except (EmbeddedError, ImproperlyConfigured) as error:
        sys.exit(f"liveshop: {error}")


if __name__ == "__main__":
    main()
