"""Health: alive, ready, measured, and limits that hold without Redis."""

import pytest
import redis as redis_lib

from core import health, ratelimit
from core.errors import TooMany


def test_alive_needs_nothing(client):
    assert client.get("/healthz").content == b"ok"


@pytest.mark.django_db
def test_ready_names_what_is_missing_and_turns_green_when_all_is_there(client):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["worker"] == "not seen yet"
    health.beat("worker")
    health.beat("relay")
    answer = client.get("/readyz")
    assert answer.status_code == 200, answer.content


@pytest.mark.django_db
def test_metrics_tell_the_backlog(client):
    text = client.get("/metrics").content.decode()
    assert "liveshop_outbox_waiting 0.0" in text


@pytest.mark.django_db
def test_a_bucket_lets_the_burst_through_then_says_how_long_to_wait():
    for _ in range(3):
        ratelimit.check("chat", 1, burst=3, per_second=0.1)
    with pytest.raises(TooMany) as caught:
        ratelimit.check("chat", 1, burst=3, per_second=0.1)
    assert 5 <= caught.value.extra["retry_after"] <= 11
    ratelimit.check("chat", 2, burst=3, per_second=0.1)


def test_the_limit_holds_in_memory_while_redis_is_away(monkeypatch):
    class Gone:
        def eval(self, *args):
            raise redis_lib.ConnectionError

    monkeypatch.setattr(ratelimit, "client", lambda: Gone())
    ratelimit.check("chat", "offline", burst=1, per_second=0.01)
    with pytest.raises(TooMany):
        ratelimit.check("chat", "offline", burst=1, per_second=0.01)
