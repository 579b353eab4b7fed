"""How the sandbox behaves: said outright, or by the last two digits of the amount."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Scenario(StrEnum):
    SUCCESS = "success"
    DECLINE = "decline"
    THREE_DS = "three_ds"
    DELAY = "delay"
    DUPLICATE = "duplicate"
    DISORDER = "disorder"
    FAILED_REFUND = "failed_refund"
    REFUSE_AT_ONCE = "refuse_at_once"


BY_ENDING = {
    1: Scenario.DECLINE,
    2: Scenario.THREE_DS,
    3: Scenario.DELAY,
    4: Scenario.DUPLICATE,
    5: Scenario.DISORDER,
    6: Scenario.FAILED_REFUND,
    7: Scenario.REFUSE_AT_ONCE,
}


def choose(amount_minor: int, options: Mapping[str, Any]) -> Scenario:
    """An explicit `options["scenario"]` wins; then the amount's ending (…01 declines); else success."""
    wanted = options.get("scenario")
    if wanted in set(Scenario):
        return Scenario(wanted)
    return BY_ENDING.get(amount_minor % 100, Scenario.SUCCESS)
