"""What every server process must know at once, whatever rooms it has viewers for.

One short stream on the main Redis that each hub reads. Best effort: hubs compare with PostgreSQL
after Redis was away, and now and then anyway.

`k` = `out`: somebody's sign-in ended. With `session` that one session of `user` is over; without it,
hubs look up which of the user's sessions still hold.
`k` = `house`: rules, crew or sanctions of `anchor` have changed.
"""

from __future__ import annotations

import logging

import redis as redis_errors

from core import redis

log = logging.getLogger(__name__)

LENGTH = 1_000


def stream() -> str:
    return redis.key("rooms", "notices")


def signed_out(*, user_id: int, session_key: str = "") -> None:
    """Close the user's sockets: of one session, or all whose session no longer holds."""
    fields = {"k": "out", "user": str(user_id)}
    if session_key:
        fields["session"] = session_key
    _send(fields)


def _send(fields: dict[str, str]) -> None:
    try:
        redis.client().xadd(stream(), fields, maxlen=LENGTH)  # type: ignore[arg-type]
    except redis_errors.RedisError as error:
        log.warning("notice not sent; hubs compare with the database", extra={"error": str(error)})


def house_changed(*, anchor_id: int) -> None:
    """Read again what the rooms of this anchor are judged by."""
    _send({"k": "house", "anchor": str(anchor_id)})
