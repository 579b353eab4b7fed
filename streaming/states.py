"""What a stream may become."""

from __future__ import annotations

from core.states import Move, StateMachine

STREAM = StateMachine(
    "streaming.stream",
    model="streaming.Stream",
    moves=[
        Move("WAITING", "LIVE", by={"system"}),
        Move("LIVE", "AWAY", by={"system"}),
        Move("AWAY", "LIVE", by={"system"}),
        Move("WAITING", "ENDED", by={"owner", "admin", "system"}),
        Move("LIVE", "ENDED", by={"owner", "admin", "system"}),
        Move("AWAY", "ENDED", by={"owner", "admin", "system"}),
    ],
)
