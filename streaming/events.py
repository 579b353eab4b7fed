"""What this floor announces. It knows streams, never what is sold in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class StreamStarted(Event):
    """The first picture is on air."""

    topic: ClassVar[str] = "streaming.stream_started"
    stream_key: str


@dataclass(frozen=True)
class StreamInterrupted(Event):
    """No part for some seconds, or the publisher stopped; the stream may come back."""

    topic: ClassVar[str] = "streaming.stream_interrupted"
    stream_key: str


@dataclass(frozen=True)
class StreamResumed(Event):
    """Parts arrive again."""

    topic: ClassVar[str] = "streaming.stream_resumed"
    stream_key: str


@dataclass(frozen=True)
class StreamEnded(Event):
    """Over for good; its replay can be watched if anything was recorded."""

    topic: ClassVar[str] = "streaming.stream_ended"
    stream_key: str
