"""Real PostgreSQL and Redis for the whole session, shared by runs that go on side by side."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liveshop.settings.test")
os.environ.setdefault("LIVESHOP_DATA", str(Path(__file__).parent / "var" / "test"))

from liveshop.embedded import EmbeddedError, running
from liveshop.settings.environment import DATA_DIR

_services = ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    try:
        places = _services.enter_context(running(DATA_DIR))
    except EmbeddedError as error:
        pytest.exit(f"liveshop: {error}", returncode=3)
    if "DATABASE_URL" not in os.environ:
        _drop_databases_of_dead_runs(places.database_url("postgres"))


def pytest_unconfigure(config: pytest.Config) -> None:
    _services.close()


def _drop_databases_of_dead_runs(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        names = connection.execute(
            "SELECT datname FROM pg_database WHERE datname ~ '^test_liveshop_[0-9]+$'"
        ).fetchall()
        for (name,) in names:
            if not Path(f"/proc/{name.rsplit('_', 1)[1]}").exists():
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _uses_database(request: pytest.FixtureRequest) -> bool:
    asked = {"db", "transactional_db", "live_server"} & set(request.fixturenames)
    return bool(asked) or request.node.get_closest_marker("django_db") is not None


@pytest.fixture(autouse=True)
def _fresh_limits(request: pytest.FixtureRequest) -> None:
    """Rate limits and presence of one test must not reach the next."""
    if _uses_database(request):
        from django.core.cache import cache

        from core import redis

        cache.clear()
        client = redis.client()
        for name in client.scan_iter(match=redis.key("*")):
            client.delete(name)


@pytest.fixture(autouse=True)
def _payments_at_rest(request: pytest.FixtureRequest) -> Iterator[None]:
    """What began behind a buyer's answer ends before the tables are emptied: they would deadlock."""
    uses_database = _uses_database(request)
    if uses_database:
        request.getfixturevalue("_django_db_helper")  # set up before, so emptied after
    yield
    if uses_database and "orders.actions" in sys.modules:
        sys.modules["orders.actions"].payments_begun(20)
