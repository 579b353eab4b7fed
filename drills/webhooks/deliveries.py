"""What is sent: true events again and again, and forgeries of the events that would pay somebody."""

from __future__ import annotations

import json
import random
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from orders.payments import signing

TRUE, STRANGE = "true", "strange"
FORGERIES = (
    "wrong_secret",
    "another_account",
    "stale",
    "from_the_future",
    "another_id",
    "another_id_in_the_body",
    "changed_body",
    "no_signature",
    "cut_signature",
)
FORGED_SHARE = 0.35
# True events that follow each other at once, at different servers, instead of anywhere.
BURST_SHARE = 0.2
# Signed by the provider, about a payment of another shop on the same account.
STRANGERS = 20


@dataclass(frozen=True, slots=True)
class Delivery:
    """One POST. `how` is TRUE, STRANGE or one of FORGERIES."""

    how: str
    event_id: str
    body: bytes

    @property
    def is_forged(self) -> bool:
        return self.how in FORGERIES

    def signed(self, secret: str) -> tuple[dict[str, str], bytes]:
        """Headers and body as they leave now."""
        now, body, event_id = datetime.now(UTC), self.body, self.event_id
        if self.how in {"wrong_secret", "another_account"}:
            secret = "0" * 40 if self.how == "wrong_secret" else f"other:{secret}"
        elif self.how == "stale":
            now -= signing.WINDOW + timedelta(minutes=1)
        elif self.how == "from_the_future":
            now += signing.WINDOW + timedelta(minutes=1)
        headers = signing.sign(secret=secret, event_id=event_id, at=now, body=body)
        if self.how in {"another_id", "another_id_in_the_body"}:
            headers[signing.ID] = f"evt_{uuid.uuid4().hex}"
        if self.how == "another_id_in_the_body":
            body = body.replace(event_id.encode(), headers[signing.ID].encode())
        elif self.how == "changed_body":
            signed_for = body.replace(b".succeeded", b".failed")
            headers = signing.sign(secret=secret, event_id=event_id, at=now, body=signed_for)
        elif self.how == "no_signature":
            headers = {}
        elif self.how == "cut_signature":
            headers[signing.SIGNATURE] = headers[signing.SIGNATURE][:-4]
        return headers, body


def written(event: dict[str, Any]) -> bytes:
    return json.dumps(event, sort_keys=True, separators=(",", ":")).encode()


def plan(
    events: list[dict[str, Any]],
    claims: list[dict[str, Any]],
    count: int,
    dice: random.Random,
    *,
    old: list[dict[str, Any]] | None = None,
) -> list[Delivery]:
    """`count` deliveries: every one of `events` at least once, the rest repeated or forged.

    `claims` are what a thief would like to be true: events that never happened. `old` were
    delivered before and are only repeated.
    """
    true = [Delivery(TRUE, event["id"], written(event)) for event in events]
    strange = [_strange(event, dice) for event in dice.sample(events, min(STRANGERS, len(events)))]
    forged = int(count * FORGED_SHARE) if claims else 0
    lies = [_forgery(dice.choice(claims), dice) for _ in range(forged)]
    room = max(0, count - len(true) - len(strange) - len(lies))
    known = [*true, *(Delivery(TRUE, event["id"], written(event)) for event in old or [])]
    again = [dice.choice(known) for _ in range(room)] if known else []
    bursts = again[: int(len(again) * BURST_SHARE)]
    made = [*true, *strange, *lies, *again[len(bursts) :]]
    dice.shuffle(made)
    # Twins side by side: two senders have them in hand at the same moment.
    twins = Counter(item.event_id for item in bursts)
    out = []
    for item in made:
        out.append(item)
        if item.how == TRUE:
            out += [item] * twins.pop(item.event_id, 0)
    return out + [item for item in bursts if item.event_id in twins]


def _forgery(claim: dict[str, Any], dice: random.Random) -> Delivery:
    event = {**claim, "id": f"evt_{uuid.UUID(int=dice.getrandbits(128)).hex}"}
    return Delivery(dice.choice(FORGERIES), event["id"], written(event))


def _strange(event: dict[str, Any], dice: random.Random) -> Delivery:
    data = {**event["data"], "key": str(uuid.UUID(int=dice.getrandbits(128)))}
    other = {**event, "id": f"evt_{uuid.UUID(int=dice.getrandbits(128)).hex}", "data": data}
    return Delivery(STRANGE, other["id"], written(other))
