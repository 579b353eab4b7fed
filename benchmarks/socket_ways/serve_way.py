"""`manage.py serve` by one of the four ways: `serve_way.py WAY PORT`. Plain ones take our writer away."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import django

django.setup()

from django.core.management import call_command  # noqa: E402


def main() -> None:
    way, port = sys.argv[1:3]
    server, _, plain = way.partition("_")
    if plain and server == "uvicorn":
        from liveshop.management.commands import serve

        serve.SOCKETS |= {"ws": "websockets-sansio", "ws_per_message_deflate": False}
    elif plain:
        from daphne.server import Server as Stock

        from liveshop.serving import daphne

        daphne.Server.create_application = Stock.create_application
    call_command("serve", port=int(port), server=server)


if __name__ == "__main__":
    main()
