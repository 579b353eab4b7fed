"""Idempotency-Key: the answer is stored in the very transaction that did the work.

Same key and same request replays the answer; same key and another request is KeyReused (422);
a second one while the first runs is InFlight (409, Retry-After). A process killed in between
leaves nothing behind, because the row and the work commit together.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from django.db import connection, transaction
from django.utils.translation import gettext as _

from core import setwise
from core.errors import InFlight, Invalid, KeyReused
from core.models import IdempotencyRecord


def fingerprint(*parts: Any) -> str:
    """SHA-256 over the request's meaning; any JSON-able parts."""
    text = json.dumps(parts, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def check_key(key: str) -> None:
    """Raises Invalid for a missing or over-long key."""
    if not key or len(key) > 255:
        raise Invalid(_("Send an Idempotency-Key of 1 to 255 characters."), code="key_missing")


def once(
    *,
    actor: str,
    key: str,
    request: str,
    work: Callable[[], dict[str, Any]],
    last: Callable[[], None] | None = None,
) -> tuple[dict[str, Any], bool]:
    """Run `work` at most once for (actor, key); returns (answer, replayed).

    `request` is a `fingerprint`. `last` runs after the key is written, right before the commit:
    the place for hot rows, and it may still refuse by raising. Takes a transaction-scoped advisory
    lock on the key. Raises Invalid for a missing or over-long key, KeyReused, InFlight, and
    whatever `work` raises, in which case nothing is stored and the key stays free.
    """
    check_key(key)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"{actor}\x1f{key}"]
            )
            (locked,) = cursor.fetchone()
        if not locked:
            raise InFlight(_("Wait for the first request to finish."), retry_after=1)
        known = IdempotencyRecord.objects.filter(actor=actor, key=key).first()
        if known:
            if known.fingerprint != request:
                raise KeyReused(_("Use a fresh key for a different request."))
            return known.answer, True
        answer = work()
        IdempotencyRecord.objects.create(actor=actor, key=key, fingerprint=request, answer=answer)
        if last:
            last()
        return answer, False


Owned = tuple[str, str]
"""(actor, key)."""


def lock_keys(owned: Sequence[Owned]) -> list[bool]:
    """The locks of `once` for many distinct keys: False where another transaction runs with it."""
    found = setwise.rows(
        "SELECT pg_try_advisory_xact_lock(hashtextextended(name, 0))"
        " FROM unnest(%s::text[]) WITH ORDINALITY AS one (name, place) ORDER BY place",
        [[f"{actor}\x1f{key}" for actor, key in owned]],
    )
    return [locked for (locked,) in found]


def answers_of(owned: Sequence[Owned]) -> dict[Owned, tuple[str, dict[str, Any]]]:
    """The kept (fingerprint, answer) of those keys that have one. Reads only."""
    found = setwise.rows(
        "SELECT actor, key, fingerprint, answer FROM core_idempotencyrecord"
        " JOIN unnest(%s::text[], %s::text[]) AS one (a, k) ON actor = a AND key = k",
        [[actor for actor, _key in owned], [key for _actor, key in owned]],
    )
    return {
        (actor, key): (mark, json.loads(answer) if isinstance(answer, str) else answer)
        for actor, key, mark, answer in found
    }


def keep_answers(
    cursor: psycopg.Cursor[Any],
    *,
    owned: Sequence[Owned],
    requests: Sequence[str],
    answers: Sequence[str],
) -> None:
    """Write the answers (JSON) of keys locked by `lock_keys`, in their transaction."""
    cursor.execute(
        "INSERT INTO core_idempotencyrecord (actor, key, fingerprint, answer)"
        " SELECT a, k, f, v::jsonb"
        " FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS one (a, k, f, v)",
        [[actor for actor, _key in owned], [key for _actor, key in owned], requests, answers],
    )
