"""Liveness, readiness and metrics."""

from __future__ import annotations

import time

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from core import metrics as measured
from core import redis

HEARTBEAT_SECONDS = 30


def beat(who: str) -> None:
    """Say that a background process is alive. Raises redis.RedisError."""
    redis.client().set(redis.key("heartbeat", who), time.time(), ex=10 * HEARTBEAT_SECONDS)


def healthz(request: HttpRequest) -> HttpResponse:
    """Alive: the process answers. Touches nothing else."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database, migrations, Redis, worker and relay are all there; else 503 and which is not."""
    checks = {
        "database": _database,
        "migrations": _migrations,
        "redis": _redis,
        "worker": lambda: _heartbeat("worker"),
        "relay": lambda: _heartbeat("relay"),
    }
    report: dict[str, str] = {}
    for name, check in checks.items():
        try:
            report[name] = check()
        except Exception as error:
            report[name] = f"failed: {type(error).__name__}"
    ready = all(answer == "ok" for answer in report.values())
    return JsonResponse({"ready": ready, "checks": report}, status=200 if ready else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    return HttpResponse(measured.exposition(BacklogCollector()), content_type=CONTENT_TYPE_LATEST)


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


_migrated = False


def _migrations() -> str:
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            return f"{len(plan)} not applied: run manage.py migrate"
        _migrated = True
    return "ok"


def _redis() -> str:
    return "ok" if redis.client().ping() else "no answer"


def _heartbeat(who: str) -> str:
    seen = redis.client().get(redis.key("heartbeat", who))
    if seen is None:
        return "not seen yet"
    age = time.time() - float(seen)  # type: ignore[arg-type]
    return "ok" if age < HEARTBEAT_SECONDS else f"silent for {age:.0f} s"


class BacklogCollector(Collector):
    """What waits: outbox events not delivered, deadlines not fired. Read at scrape time."""

    QUERIES = {
        "liveshop_outbox_waiting": (
            "Outbox events not delivered yet",
            "SELECT count(*) FROM core_outboxevent WHERE delivered_at IS NULL",
        ),
        "liveshop_outbox_oldest_seconds": (
            "Age of the oldest waiting outbox event",
            "SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)"
            " FROM core_outboxevent WHERE delivered_at IS NULL",
        ),
        "liveshop_deadlines_overdue": (
            "Deadlines passed and not fired",
            "SELECT count(*) FROM core_deadline WHERE NOT paused AND due_at < now()",
        ),
    }

    def collect(self):  # type: ignore[no-untyped-def]
        with connection.cursor() as cursor:
            for name, (text, query) in self.QUERIES.items():
                cursor.execute(query)
                yield GaugeMetricFamily(name, text, value=float(cursor.fetchone()[0]))

    def describe(self):  # type: ignore[no-untyped-def]
        return []
