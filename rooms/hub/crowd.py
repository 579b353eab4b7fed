"""How often a room may be written to, by the size of the crowd of the whole process."""

from __future__ import annotations

# Frames a second that one process writes at most: through the server's own way, which leaves room
# for everything else on a core, and through ASGI's plain `send`. Measured: docs/adr/0006.
DIRECT_FRAMES = 72_000
PLAIN_FRAMES = 36_000
TICKS = (0.05, 0.1, 0.25, 0.5)


class Crowd:
    """Counts the viewers of one process by the way they are written to."""

    __slots__ = ("direct", "plain")

    def __init__(self) -> None:
        self.direct = 0
        self.plain = 0

    def count(self, *, direct: bool, change: int) -> None:
        if direct:
            self.direct += change
        else:
            self.plain += change

    @property
    def tick(self) -> float:
        """Seconds between two frames of a busy room: as short as the crowd allows."""
        busy = self.direct / DIRECT_FRAMES + self.plain / PLAIN_FRAMES
        return next((seconds for seconds in TICKS if busy <= seconds), TICKS[-1])
