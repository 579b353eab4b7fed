"""Fills an empty house with two months of life, through the same actions that people use."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from core import clock
from core.errors import Conflict
from demo.models import SeedStage
from demo.seed.goods import seed_goods
from demo.seed.history import seed_history
from demo.seed.people import seed_people
from demo.seed.rooms import seed_rooms
from demo.stock.people import DEMO_NAMES, LIVE_SHOW, ROLES

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Size:
    """How much to seed: products, past shows, orders, days."""

    goods: int
    shows: int
    orders: int
    days: int


FULL = Size(goods=10_000, shows=100, orders=250, days=60)
SMALL = Size(goods=12, shows=1, orders=14, days=12)

STAGES: list[tuple[str, Callable[[Size], None]]] = [
    ("people", lambda size: seed_people()),
    ("goods", lambda size: seed_goods(limit=size.goods)),
    ("rooms", lambda size: seed_rooms()),
    ("history", lambda size: seed_history(shows=size.shows, orders=size.orders, days=size.days)),
]


def seed(size: Size, say: Callable[[str], None]) -> bool:
    """Do every stage that is not done; returns False when there was nothing to do.

    Safe to interrupt and to repeat: a stage keeps what an interrupted run has written. Raises
    Conflict where demo data have no place.
    """
    refuse_in_production()
    done = set(SeedStage.objects.filter(done_at__isnull=False).values_list("name", flat=True))
    waiting = [(name, work) for name, work in STAGES if name not in done]
    for name, work in waiting:
        began = time.monotonic()
        SeedStage.objects.get_or_create(name=name)
        work(size)
        SeedStage.objects.filter(name=name).update(done_at=clock.now())
        say(f"demo: {name} in {time.monotonic() - began:.1f} s")
    write_contract()
    return bool(waiting)


def refuse_in_production() -> None:
    """Known passwords must not reach a public site. Raises Conflict."""
    if not settings.DEMO_ALLOWED:
        raise Conflict(
            "Demo data have passwords that everybody knows; set DEMO=1 if this site may have them."
        )


def contract() -> dict[str, Any]:
    """Addresses and logins, as `$LIVESHOP_DATA/demo.json` has them."""
    base = settings.BASE_URL
    return {
        "base_url": base,
        "users": {role: {"username": role, "password": password_of(role)} for role in ROLES},
        "room_url": f"{base}/rooms/{LIVE_SHOW}/",
        "studio_url": f"{base}/studio/{LIVE_SHOW}/",
    }


def password_of(role: str) -> str:
    return f"demo-{role}"


def write_contract() -> None:
    """Replace demo.json in one step, so that nobody reads half of it."""
    target = settings.DATA_DIR / "demo.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(f".{os.getpid()}.new")
    draft.write_text(json.dumps(contract(), indent=2) + "\n")
    draft.replace(target)


def tell(write: Callable[[str], Any]) -> None:
    """Print where to go and who to be."""
    found = contract()
    write("")
    write(f"  feed     {found['base_url']}/")
    write(f"  room     {found['room_url']}")
    write(f"  studio   {found['studio_url']}")
    write(f"  supplier {found['base_url']}/supplier/")
    write(f"  agency   {found['base_url']}/agency/")
    write(f"  admin    {found['base_url']}/admin/")
    write("")
    for role, user in found["users"].items():
        write(f"  {role:9}{user['username']:10} {user['password']:14} {DEMO_NAMES[role]}")
    write("")


__all__ = ["FULL", "SMALL", "Size", "contract", "seed", "tell"]
