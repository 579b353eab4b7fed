"""What a media server must be able to do for us. The embedded origin is one; others fit beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from streaming.models import PublishSession, Stream


@dataclass(frozen=True)
class Source:
    """Where to play. `kind` is llhls, hls or whep; best first in a list."""

    kind: str
    url: str
    expires_at: datetime | None = None


@dataclass(frozen=True)
class PublishGrant:
    """The right to publish one session. `part_limits` are the limits of docs/video.md."""

    session: str
    epoch: int
    ingest_url: str
    token: str
    expires_at: datetime
    part_limits: dict[str, int]
    kind: str = "cmaf"
    ice_servers: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Recording:
    """Where the replay is. `started_at` is the wall clock of its first picture, for chapters."""

    source: Source
    chapters_url: str
    download_url: str
    started_at: datetime | None


@dataclass(frozen=True)
class Decision:
    """The answer to a media server that asks whether a client may publish or play."""

    allowed: bool
    code: str = ""


@dataclass(frozen=True)
class BackendEvent:
    """What a media server announced. `name` is started, interrupted, resumed, ended or recording_ready."""

    name: str
    stream_key: str
    at: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)


class VideoBackend(Protocol):
    """One media server, in or outside the house. Implementations hold no state of their own."""

    capabilities: frozenset[str]

    def provision(self, stream: Stream) -> None:
        """Prepare the stream on the server. Idempotent."""

    def publish_grant(self, stream: Stream, session: PublishSession) -> PublishGrant:
        """Sign the session's right to publish until it expires."""

    def playback(self, stream: Stream, ttl: timedelta) -> list[Source]:
        """Signed addresses, best first, good for at least `ttl`."""

    def still(self, stream: Stream, ttl: timedelta) -> str | None:
        """A signed address of a small JPEG, renewed each 10 s while on air; None when there is none."""

    def authorize(self, *, action: str, stream_key: str, session: str, token: str) -> Decision:
        """May the bearer of `token` publish to, or play, the stream? For servers that ask."""

    def events(self, body: bytes, headers: Mapping[str, str]) -> list[BackendEvent]:
        """Verify and read a webhook. Raises core.errors.Forbidden for a wrong signature."""

    def tell(self, stream: Stream) -> None:
        """The stream's rights or markers have changed; in the caller's transaction."""

    def stop(self, stream: Stream) -> None:
        """Cut the publisher off and refuse the stream's tokens from now on; in the caller's transaction."""

    def recording(self, stream: Stream, ttl: timedelta) -> Recording | None:
        """The replay of an ended stream; None when nothing was on air."""
