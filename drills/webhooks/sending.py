"""Several processes of several threads that POST as a provider does: again until it is taken."""

from __future__ import annotations

import http.client
import multiprocessing
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.managers import ValueProxy
from typing import Any

from drills.webhooks.deliveries import STRANGE, TRUE, Delivery

PATH = "/api/v1/payments/webhooks/sandbox"
PROCESSES = 2
THREADS = 6
ANSWER_SECONDS = 15
GIVE_UP_SECONDS = 120
STEP = 5


class Sent:
    """What came of a list of deliveries."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.taken: set[str] = set()
        self.forged_accepted: list[str] = []
        self.faults: list[str] = []
        self._lock = threading.Lock()

    def note(self, item: Delivery, status: int) -> None:
        with self._lock:
            self.outcomes[f"{item.how} {status}"] += 1
            if item.is_forged and status < 300:
                self.forged_accepted.append(item.event_id)
            elif item.is_forged and status != 400:
                self.faults.append(f"a forgery ({item.how}) was answered {status}")
            elif item.how == TRUE and status < 300:
                self.taken.add(item.event_id)
            elif item.how in {TRUE, STRANGE} and status >= 300:
                self.faults.append(f"a true event was answered {status}")

    def retried(self) -> None:
        with self._lock:
            self.outcomes["retried"] += 1

    def add(self, other: Sent) -> None:
        self.outcomes += other.outcomes
        self.taken |= other.taken
        self.forged_accepted += other.forged_accepted
        self.faults += other.faults

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=threading.Lock())


def send_all(
    deliveries: list[Delivery], *, ports: list[int], secret: str, meanwhile: Callable[[float], None]
) -> Sent:
    """Send everything, dealt out in turn; `meanwhile` is told the share that is done, often."""
    context = multiprocessing.get_context("spawn")
    whole = Sent()
    with context.Manager() as manager, ProcessPoolExecutor(PROCESSES, context) as pool:
        done = manager.Value("i", 0)
        parts = [deliveries[number::PROCESSES] for number in range(PROCESSES)]
        work = [pool.submit(send, part, ports, secret, done) for part in parts]
        while not all(one.done() for one in work):
            time.sleep(0.1)
            meanwhile(done.value / max(1, len(deliveries)))
        for one in work:
            whole.add(one.result())
    return whole


def send(deliveries: list[Delivery], ports: list[int], secret: str, done: ValueProxy[int]) -> Sent:
    """One process' part."""
    sent, todo, lock = Sent(), iter(deliveries), threading.Lock()

    def work() -> None:
        links: dict[int, http.client.HTTPConnection] = {}
        count = 0
        while True:
            with lock:
                item = next(todo, None)
                if item is not None and count % STEP == STEP - 1:
                    done.value += STEP
            if item is None:
                break
            count += 1
            _deliver(item, ports, secret, links, sent)
        for link in links.values():
            link.close()

    hands = [threading.Thread(target=work) for _ in range(THREADS)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    return sent


def _deliver(
    item: Delivery,
    ports: list[int],
    secret: str,
    links: dict[int, http.client.HTTPConnection],
    sent: Sent,
) -> None:
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while True:
        port = random.choice(ports)
        link = links.get(port)
        if link is None:
            link = links[port] = http.client.HTTPConnection(
                "127.0.0.1", port, timeout=ANSWER_SECONDS
            )
        headers, body = item.signed(secret)
        try:
            link.request("POST", PATH, body, {**headers, "content-type": "application/json"})
            answer = link.getresponse()
            answer.read()
            status = answer.status
        except (OSError, http.client.HTTPException):
            link.close()
            links.pop(port, None)
            status = 0
        if (status and status < 500 and status != 429) or time.monotonic() > give_up:
            sent.note(item, status)
            return
        sent.retried()
        time.sleep(random.uniform(0.05, 0.3))
