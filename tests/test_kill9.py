"""Kill -9 of every process in the middle of purchases: nothing lost, nothing doubled, nothing oversold."""

from __future__ import annotations

import random
import threading
import time
import uuid

import httpx
import pytest

from tests.market import heard
from tests.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

BUYERS = 8
STOCK = 40
ATTEMPTS = 10
ROUNDS_OF_KILLING = 4
SETTLE_SECONDS = 60


class Shopper(threading.Thread):
    """Buys again and again; a key whose answer was lost in a crash is sent again until answered."""

    def __init__(self, base_url: str, token: str, listing_variant: int) -> None:
        super().__init__(daemon=True)
        self.base_url = base_url
        self.headers = {"Authorization": f"Bearer {token}"}
        self.body = {"lines": [{"listing_variant_id": listing_variant, "quantity": 1}]}
        self.answers: dict[str, str | None] = {}
        self.retried = 0
        self.unexpected: list[str] = []

    def run(self) -> None:
        with httpx.Client(base_url=self.base_url, headers=self.headers, timeout=10) as http:
            for _ in range(ATTEMPTS):
                key = str(uuid.uuid4())
                self.answers[key] = self.buy_until_answered(http, key)
                time.sleep(random.uniform(0.05, 0.3))

    def buy_until_answered(self, http: httpx.Client, key: str) -> str | None:
        give_up = time.monotonic() + 90
        while time.monotonic() < give_up:
            try:
                answer = http.post(
                    "/api/v1/orders", json=self.body, headers={"Idempotency-Key": key}
                )
            except httpx.HTTPError:
                self.retried += 1
                time.sleep(0.3)
                continue
            if answer.status_code in {200, 201}:
                return str(answer.json()["number"])
            code = answer.json().get("code")
            if code == "sold_out":
                return None
            if code not in {"in_flight", "busy", "too_many"}:
                self.unexpected.append(f"{answer.status_code} {answer.text[:200]}")
                return None
            time.sleep(0.3)
        raise AssertionError("no answer within 90 s")


def test_nothing_is_lost_or_doubled_when_processes_die_in_the_middle(tmp_path):
    with Stack(tmp_path) as stack:
        market = heard(
            stack.shell(
                f"from tests.market import open_market; open_market(buyers={BUYERS}, stock={STOCK})"
            )
        )
        shoppers = [
            Shopper(stack.base_url, token, market["listing_variant"]) for token in market["tokens"]
        ]
        for shopper in shoppers:
            shopper.start()
        for _ in range(ROUNDS_OF_KILLING):
            time.sleep(random.uniform(0.6, 1.5))
            stack.kill9(random.choice([" relay", " worker ", " beat "]))
            stack.kill9(" serve ")
            stack.wait_until_ready()
        for shopper in shoppers:
            shopper.join(150)
            assert not shopper.is_alive()

        assert [problem for s in shoppers for problem in s.unexpected] == []
        assert sum(s.retried for s in shoppers) > 0, "no request was hit: the test proved nothing"
        acknowledged = [number for s in shoppers for number in s.answers.values() if number]
        books = _settled(stack, len(acknowledged))

        assert len(acknowledged) == len(set(acknowledged)) == STOCK
        assert sorted(books["orders"]) == sorted(acknowledged)
        assert books["keys"] == STOCK
        assert books["reserved"] == books["promised"] <= books["on_hand"]
        assert books["on_hand"] == STOCK
        assert books["paid"] == books["charged"] == STOCK
        assert books["payments_booked"] == STOCK
        assert (books["ledger"], books["unbalanced"], books["waiting"]) == (0, 0, 0)
        assert books["lines"] == {"PAID_ON_HOLD": STOCK}


def _settled(stack: Stack, expected: int) -> dict:
    """The books once every payment has come in, or as they stand when the time is up."""
    give_up = time.monotonic() + SETTLE_SECONDS
    while True:
        books = heard(stack.shell("from tests.market import audit; audit()"))
        done = books["paid"] == expected and not books["waiting"]
        if done or time.monotonic() > give_up:
            return books
        time.sleep(1)
