"""Where the embedded services keep their files, as a function of the data directory alone."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

# sun_path holds 108 bytes with its NUL, and PostgreSQL appends /.s.PGSQL.5432.lock.
LONGEST_SOCKET_FOLDER = 80


class EmbeddedError(RuntimeError):
    """A service cannot run here; the message is one line that says what to do."""


@dataclass(frozen=True)
class Places:
    root: Path

    @property
    def sockets(self) -> Path:
        folder = self.root / "run"
        if len(str(folder)) <= LONGEST_SOCKET_FOLDER:
            return folder
        digest = hashlib.sha256(str(self.root).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"liveshop-{digest}"

    @property
    def pgdata(self) -> Path:
        return self.root / "postgres"

    @property
    def postgres_log(self) -> Path:
        return self.root / "log" / "postgres.log"

    @property
    def redis_socket(self) -> Path:
        return self.sockets / "redis.sock"

    def database_url(self, name: str = "liveshop") -> str:
        return f"postgresql://postgres@/{name}?host={self.sockets}"

    def redis_url(self, database: int = 0) -> str:
        return f"unix://{self.redis_socket}?db={database}"
