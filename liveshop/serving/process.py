"""What a server process asks of the system and of the interpreter before it serves."""

from __future__ import annotations

import contextlib
import gc
import resource


def prepare() -> None:
    """Room for as many sockets as the system allows, and rare passes of the collector.

    A crowd is a million long-lived objects; a full pass over them holds up every frame.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    gc.set_threshold(20_000, 50, 100)
