"""Sends a loop for ever, in real time, exactly as a browser would: docs/video.md, section 2."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Final
from urllib.parse import urlsplit

import structlog
from django.db import DatabaseError, close_old_connections, connections

from accounts.models import User
from core.errors import DomainError
from streaming import actions
from streaming.broadcast.loop import PARTS_PER_SECOND, Loop
from streaming.models import Stream

log = structlog.get_logger(__name__)

# As long as the browser's ring: what was due before that is left out after a silence.
BACKLOG_PARTS: Final = 120
STILL_PARTS: Final = 10 * PARTS_PER_SECOND
TIMEOUT_SECONDS: Final = 5
SHORTEST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 2.0


@dataclass(slots=True)
class _Session:
    url: str
    token: str
    """Part with sequence number 1; always a key frame."""
    base: int
    sequence: int = 0

    @property
    def part(self) -> int:
        return self.base + self.sequence - 1


class Sender:
    """One stream on air. `run` returns when the stream is over, taken over, or `stop` is set."""

    def __init__(
        self, *, stream: Stream, user: User, loop: Loop, base_url: str, stop: Event
    ) -> None:
        self._stream = stream
        self._user = user
        self._loop = loop
        self._stop = stop
        self._root = urlsplit(base_url)
        self._connection: http.client.HTTPConnection | None = None
        self._began = time.time()
        self._session: _Session | None = None

    def run(self) -> str:
        """Why it ended: "ended", "superseded", "refused" or "stopped"."""
        pause = SHORTEST_PAUSE
        steps: dict[bool, Callable[[], str | None]] = {True: self._open, False: self._send}
        try:
            while not self._stop.is_set():
                try:
                    reason = steps[self._session is None]()
                except (OSError, http.client.HTTPException, DatabaseError) as error:
                    # The server is restarting; what is due meanwhile is sent afterwards.
                    log.debug("broadcast waits", stream=self._stream.key, error=repr(error))
                    self._hang_up()
                    self._stop.wait(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
                    continue
                pause = SHORTEST_PAUSE
                if reason:
                    return reason
            self._say_goodbye()
            return "stopped"
        finally:
            self._hang_up()

    def _open(self) -> str | None:
        close_old_connections()
        try:
            grant = actions.grant_publish(stream=self._stream, user=self._user)
        except DomainError as refusal:
            return "ended" if refusal.code == "ended" else "refused"
        finally:
            connections.close_all()
        base = self._due() // PARTS_PER_SECOND * PARTS_PER_SECOND
        self._session = _Session(grant.ingest_url, grant.token, base)
        return None

    def _send(self) -> str | None:
        session = self._session
        assert session is not None
        headers: dict[str, str] = {}
        if session.sequence == 0:
            body = self._loop.init
        else:
            part = session.part
            if self._due() - part > BACKLOG_PARTS:
                self._session = None
                return None
            # A part can leave when its last picture is taken.
            late = self._began + self._loop.starts_at(part + 1) - time.time()
            if late > 0 and self._stop.wait(late):
                return None
            body = self._loop.part(part)
            headers["X-Capture-Time"] = str(
                round(1000 * (self._began + self._loop.starts_at(part)))
            )
        status, wanted, code = self._request("PUT", str(session.sequence), body, headers)
        if status == 204:
            self._send_still(session)
            session.sequence += 1
            return None
        return self._refused(session, status, wanted, code)

    def _send_still(self, session: _Session) -> None:
        """Now and then a small picture; whether it arrives matters to nobody but who saves data."""
        if session.sequence % STILL_PARTS == 1:
            self._request("PUT", "still", self._loop.still(session.part), {})

    def _refused(self, session: _Session, status: int, wanted: int | None, code: str) -> str | None:
        if status == 403 and code in {"ended", "superseded"}:
            return code
        if status == 409 and wanted is not None and wanted != session.sequence:
            session.sequence = wanted
        elif status in {408, 429} or status >= 500:
            self._stop.wait(1)
        else:
            log.warning("broadcast refused", stream=self._stream.key, status=status, code=code)
            self._session = None
            self._stop.wait(1)
        return None

    def _due(self) -> int:
        """The part whose pictures are being taken now."""
        return int((time.time() - self._began) * PARTS_PER_SECOND)

    def _request(
        self, method: str, name: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, int | None, str]:
        """Status, X-Next, and the code of a problem."""
        session = self._session
        assert session is not None
        if self._connection is None:
            Connection = (
                http.client.HTTPSConnection
                if self._root.scheme == "https"
                else http.client.HTTPConnection
            )
            self._connection = Connection(self._root.netloc, timeout=TIMEOUT_SECONDS)
        path = urlsplit(session.url).path + name
        self._connection.request(
            method, path, body, {"Authorization": f"Bearer {session.token}", **headers}
        )
        answer = self._connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        wanted = answer.headers.get("X-Next", "")
        code = text.partition('"code"')[2].partition('"')[2].partition('"')[0]
        return answer.status, int(wanted) if wanted.isdigit() else None, code

    def _say_goodbye(self) -> None:
        if self._session is None or self._session.sequence < 2:
            return
        try:
            self._request("POST", "end", None, {})
        except (OSError, http.client.HTTPException):
            return

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
