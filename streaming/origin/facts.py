"""What the origin knows from outside about a stream, and whom it tells what happens on air."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

# PostgreSQL channel on which a commit names a stream whose facts have changed.
CHANNEL: Final = "liveshop_streams"


@dataclass(frozen=True, slots=True)
class MarkerFact:
    """A marker; `at` in unix ms."""

    id: int
    kind: str
    label: str
    ref: str
    payload: Any
    at: float


@dataclass(frozen=True, slots=True)
class Facts:
    """`state` as in streaming.states; publishing tokens up to `revoked_epoch` are worth nothing."""

    state: str
    revoked_epoch: int
    markers: tuple[MarkerFact, ...] = ()


Change = Callable[[str, Facts], None]


class Desk(Protocol):
    """The origin's one tie to the rest of the house. Only `facts` may block (it runs on a thread)."""

    def facts(self, key: str) -> Facts | None:
        """None for an unknown stream. Raises when it cannot be known now."""

    def listen(self, on_change: Change, loaded: Callable[[], Iterable[str]]) -> None:
        """Call `on_change`, from any thread, when the facts of a loaded stream change."""

    def on_air(self, key: str) -> None: ...

    def off_air(self, key: str) -> None: ...

    def session_started(self, key: str, session: str) -> None: ...

    def session_ended(self, key: str, session: str) -> None: ...

    def alive(self, recorded: dict[str, int]) -> None:
        """Streams with a part in the last seconds, with the milliseconds recorded so far."""

    def recorded(self, key: str, milliseconds: int) -> None:
        """The length of an ended stream's recording."""

    def close(self) -> None: ...
