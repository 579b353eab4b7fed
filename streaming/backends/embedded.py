"""The origin of `streaming.origin`, in this process or in one of its own (`manage.py live_origin`)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection

from core import clock
from streaming.backends.base import BackendEvent, Decision, PublishGrant, Recording, Source
from streaming.models import PublishSession, Stream
from streaming.origin.boxes import INIT_MAX_BYTES, PART_MAX_BYTES, PART_MAX_SECONDS
from streaming.origin.facts import CHANNEL
from streaming.origin.limits import BYTES_PER_SECOND, PARTS_BURST, PARTS_PER_SECOND
from streaming.origin.live import GOP_MAX_SECONDS
from streaming.origin.stills import STILL_MAX_BYTES
from streaming.tokens import Signer, TokenError

PART_TARGET_MS: Final = 250
# Expiry is rounded up to this, so that viewers of the same hour share addresses and caches.
EXPIRY_STEP_SECONDS: Final = 3600


class EmbeddedBackend:
    """Stateless: rights are signatures, and the origin hears of changes through PostgreSQL."""

    capabilities = frozenset({"ingest:cmaf", "play:llhls", "play:hls", "record"})

    @property
    def signer(self) -> Signer:
        return Signer(settings.STREAM_SIGNING_KEY.encode())

    def provision(self, stream: Stream) -> None:
        """Nothing to do: the folder is made with the first request."""

    def publish_grant(self, stream: Stream, session: PublishSession) -> PublishGrant:
        token = self.signer.publish_token(
            stream=stream.key,
            session=session.session,
            epoch=session.epoch,
            expires=int(session.expires_at.timestamp()),
        )
        return PublishGrant(
            session=session.session,
            epoch=session.epoch,
            ingest_url=f"/ingest/{stream.key}/{session.session}/",
            token=token,
            expires_at=session.expires_at,
            part_limits={
                "init_max_bytes": INIT_MAX_BYTES,
                "part_max_bytes": PART_MAX_BYTES,
                "still_max_bytes": STILL_MAX_BYTES,
                "part_target_ms": PART_TARGET_MS,
                "part_max_ms": round(1000 * PART_MAX_SECONDS),
                "gop_max_ms": round(1000 * GOP_MAX_SECONDS),
                "parts_per_second": PARTS_PER_SECOND,
                "parts_burst": PARTS_BURST,
                "bytes_per_second": BYTES_PER_SECOND,
            },
        )

    def playback(self, stream: Stream, ttl: timedelta) -> list[Source]:
        base, expires_at = self._base(stream, ttl)
        return [
            Source("llhls", f"{base}ll.m3u8", expires_at),
            Source("hls", f"{base}plain.m3u8", expires_at),
        ]

    def still(self, stream: Stream, ttl: timedelta) -> str | None:
        return f"{self._base(stream, ttl)[0]}still.jpg"

    def authorize(self, *, action: str, stream_key: str, session: str, token: str) -> Decision:
        now = clock.now().timestamp()
        try:
            if action == "publish":
                self.signer.publish_epoch(token, stream=stream_key, session=session, now=now)
            else:
                self.signer.check_play(token, stream=stream_key, now=now)
        except TokenError as error:
            return Decision(False, error.code)
        return Decision(True)

    def events(self, body: bytes, headers: Mapping[str, str]) -> list[BackendEvent]:
        """The origin reports through `streaming.reports`; it sends no webhooks."""
        return []

    def stop(self, stream: Stream) -> None:
        self.tell(stream)

    def tell(self, stream: Stream) -> None:
        """Wake the origin, in whatever process it runs, when the caller's transaction commits."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, stream.key])

    def recording(self, stream: Stream, ttl: timedelta) -> Recording | None:
        if not stream.is_over or stream.started_at is None:
            return None
        base, expires_at = self._base(stream, ttl)
        return Recording(
            source=Source("hls", f"{base}replay.m3u8", expires_at),
            chapters_url=f"{base}chapters.json",
            download_url=f"{base}replay.mp4",
            started_at=stream.started_at,
        )

    def _base(self, stream: Stream, ttl: timedelta) -> tuple[str, datetime]:
        wanted = time.time() + ttl.total_seconds()
        expires = int(-(-wanted // EXPIRY_STEP_SECONDS) * EXPIRY_STEP_SECONDS)
        token = self.signer.play_token(stream=stream.key, expires=expires)
        return f"/live/{token}/{stream.key}/", datetime.fromtimestamp(expires, UTC)
