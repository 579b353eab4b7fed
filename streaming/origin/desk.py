"""The origin's tie to Django: what it must know, and what it has to tell, on two threads.

The ear LISTENs for `streaming.actions` (commits wake it, in whatever process they happen) and
re-reads all loaded streams every few seconds in case a notice was lost. The mouth writes states and
outbox events; while the database is away it keeps them in order and tries again.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final

import psycopg
from django.db import Error as DatabaseError
from django.db import connection

from streaming.origin.facts import CHANNEL, Change, Facts, MarkerFact

log = logging.getLogger(__name__)

REFRESH_SECONDS: Final = 5.0
LISTEN_SLICE_SECONDS: Final = 0.5
RETRY_SECONDS: Final = 1.0
CLOSE_SECONDS: Final = 3.0

Report = tuple[str, tuple[Any, ...]]


class DjangoDesk:
    """See `streaming.origin.facts.Desk`."""

    def __init__(self) -> None:
        self._reports: queue.SimpleQueue[Report | None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._mouth = threading.Thread(target=self._tell, name="origin-mouth", daemon=True)
        self._ear: threading.Thread | None = None
        self._mouth.start()

    def facts(self, key: str) -> Facts | None:
        try:
            return _facts_of([key]).get(key)
        finally:
            connection.close()

    # The ear ----------------------------------------------------------------------------------

    def listen(self, on_change: Change, loaded: Callable[[], Iterable[str]]) -> None:
        self._ear = threading.Thread(
            target=self._hear, args=(on_change, loaded), name="origin-ear", daemon=True
        )
        self._ear.start()

    def _hear(self, on_change: Change, loaded: Callable[[], Iterable[str]]) -> None:
        silent = REFRESH_SECONDS
        while not self._stop.is_set():
            try:
                named = _notices()
                silent = 0.0 if named else silent + LISTEN_SLICE_SECONDS
                keys = set(loaded())
                if silent < REFRESH_SECONDS:
                    keys &= named
                else:
                    silent = 0.0
                for key, facts in _facts_of(keys).items():
                    on_change(key, facts)
            except (DatabaseError, psycopg.Error) as error:
                log.warning("origin: the database is away (%s)", error.__class__.__name__)
                connection.close()
                silent = REFRESH_SECONDS
                self._stop.wait(RETRY_SECONDS)
        _stop_listening()

    # The mouth --------------------------------------------------------------------------------

    def on_air(self, key: str) -> None:
        self._reports.put(("record_on_air", (key,)))

    def off_air(self, key: str) -> None:
        self._reports.put(("record_off_air", (key,)))

    def session_started(self, key: str, session: str) -> None:
        self._reports.put(("record_session_started", (key, session)))

    def session_ended(self, key: str, session: str) -> None:
        self._reports.put(("record_session_ended", (key, session)))

    def alive(self, recorded: dict[str, int]) -> None:
        if self._reports.empty():
            self._reports.put(("record_alive", (recorded,)))

    def recorded(self, key: str, milliseconds: int) -> None:
        self._reports.put(("record_length", (key, milliseconds)))

    def _tell(self) -> None:
        from streaming import reports

        while (report := self._reports.get()) is not None:
            name, arguments = report
            while True:
                try:
                    getattr(reports, name)(*arguments)
                    break
                except (DatabaseError, psycopg.Error) as error:
                    log.warning("origin: cannot report %s yet (%s)", name, error)
                    connection.close()
                    if self._stop.wait(RETRY_SECONDS):
                        break
                except Exception:
                    log.exception("origin: report %s failed", name)
                    break
            if self._reports.empty():
                connection.close()
        connection.close()

    def close(self) -> None:
        """Tell what is waiting, then stop both threads; at most a few seconds."""
        self._reports.put(None)
        self._mouth.join(CLOSE_SECONDS)
        self._stop.set()
        if self._ear is not None:
            self._ear.join(CLOSE_SECONDS)


def _notices() -> set[str]:
    """Streams named by commits since the last call; waits for a slice of time when there are none."""
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    raw.execute(f"LISTEN {CHANNEL}")
    return {notice.payload for notice in raw.notifies(timeout=LISTEN_SLICE_SECONDS, stop_after=1)}


def _stop_listening() -> None:
    """Before the connection goes back to the pool: its next user wants no notices."""
    try:
        if connection.connection is not None:
            connection.connection.execute("UNLISTEN *")
    except psycopg.Error:
        log.info("origin: the database went away first")
    finally:
        connection.close()


def _facts_of(keys: Iterable[str]) -> dict[str, Facts]:
    from streaming.models import Marker, Stream

    wanted = list(keys)
    if not wanted:
        return {}
    markers: dict[str, list[MarkerFact]] = {}
    rows = Marker.objects.filter(stream__key__in=wanted).order_by("at", "id")
    for marker in rows.select_related("stream").only(
        "id", "kind", "label", "ref", "payload", "at", "stream__key"
    ):
        fact = MarkerFact(
            marker.pk,
            marker.kind,
            marker.label,
            marker.ref,
            marker.payload,
            1000 * marker.at.timestamp(),
        )
        markers.setdefault(marker.stream.key, []).append(fact)
    return {
        key: Facts(state, revoked, tuple(markers.get(key, ())))
        for key, state, revoked in Stream.objects.filter(key__in=wanted).values_list(
            "key", "state", "revoked_epoch"
        )
    }
