"""HTTP API of this floor."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from django.http import HttpRequest
from ninja import Router, Schema, Status

from accounts.models import User
from core import clock
from streaming import actions
from streaming.models import Stream

router = Router(tags=["streaming"])


class Limits(Schema):
    """What the origin accepts from one session; see docs/video.md."""

    init_max_bytes: int
    part_max_bytes: int
    part_target_ms: int
    part_max_ms: int
    gop_max_ms: int
    parts_per_second: int
    parts_burst: int
    bytes_per_second: int


class SessionOut(Schema):
    """A publishing grant. `token` is shown once."""

    session: str
    epoch: int
    ingest_url: str
    token: str
    expires_at: datetime
    server_time_ms: int
    limits: Limits


@router.post("/streams/{key}/sessions", response={201: SessionOut}, summary="Begin to publish")
def create_session(request: HttpRequest, key: str) -> Status:
    """A new session takes the stream over from the one before with its first init segment."""
    stream = Stream.objects.fetch(request.user, key=key)
    grant = actions.grant_publish(stream=stream, user=cast(User, request.user))
    return Status(
        201,
        {
            "session": grant.session,
            "epoch": grant.epoch,
            "ingest_url": grant.ingest_url,
            "token": grant.token,
            "expires_at": grant.expires_at,
            "server_time_ms": round(1000 * clock.now().timestamp()),
            "limits": grant.part_limits,
        },
    )
