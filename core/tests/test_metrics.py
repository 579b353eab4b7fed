"""Counters: every process counts for itself, and whoever is asked tells the sum."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from prometheus_client import REGISTRY

from core import events, metrics
from core.tests import test_outbox


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.django_db
def test_the_relay_counts_what_it_delivers_and_what_fails(monkeypatch, client):
    delivered = value("liveshop_outbox_delivered_total")
    failed = value("liveshop_outbox_failures_total", topic="test.rang")
    events.publish(test_outbox.Rang(times=1))
    events.deliver_due()
    assert value("liveshop_outbox_delivered_total") == delivered + 1
    monkeypatch.setattr(test_outbox, "trouble", [RuntimeError("no bell")])
    events.publish(test_outbox.Rang(times=2))
    events.deliver_due()
    assert value("liveshop_outbox_delivered_total") == delivered + 1
    assert value("liveshop_outbox_failures_total", topic="test.rang") == failed + 1
    text = client.get("/metrics").content.decode()
    assert f'liveshop_outbox_failures_total{{topic="test.rang"}} {failed + 1}' in text


def counting(folder, code: str) -> str:
    """What another process prints after `code`."""
    return subprocess.run(
        [sys.executable, "-c", f"from core import metrics\n{code}"],
        env={**os.environ, metrics.FOLDER: str(folder)},
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    ).stdout


SUM = "print(metrics.exposition().decode())"


def test_processes_that_share_a_folder_are_told_as_one(monkeypatch, tmp_path):
    monkeypatch.delenv(metrics.FOLDER, raising=False)
    metrics.share(tmp_path)
    counting(tmp_path, "metrics.DELIVERED.inc(2)")
    told = counting(tmp_path, f"metrics.DELIVERED.inc(3)\n{SUM}")
    assert "liveshop_outbox_delivered_total 5.0" in told
    assert "process_cpu_seconds_total" in told
    metrics.share(tmp_path)
    assert "liveshop_outbox_delivered_total 0.0" in counting(tmp_path, SUM)


def test_a_dead_process_keeps_its_counts_and_loses_what_it_had_open(monkeypatch, tmp_path):
    monkeypatch.delenv(metrics.FOLDER, raising=False)
    metrics.share(tmp_path)
    gauge = (
        "import os\nfrom prometheus_client import Gauge\n"
        "g = Gauge('open_doors', 'x', multiprocess_mode='livesum')\n"
    )
    pid = counting(tmp_path, f"{gauge}g.set(7)\nmetrics.DELIVERED.inc()\nprint(os.getpid())")
    assert "open_doors 7.0" in counting(tmp_path, SUM)
    metrics.forget(int(pid))
    told = counting(tmp_path, SUM)
    assert "open_doors" not in told
    assert "liveshop_outbox_delivered_total 1.0" in told
