"""What passes between reading a file, checking it and writing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from supply.actions.bulk import WantedOffer

MAX_PROBLEMS = 1_000


@dataclass(frozen=True, slots=True)
class Row:
    """One record by our own field names. `number` is what a spreadsheet shows beside it."""

    number: int
    values: Mapping[str, str]
    images: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        return self.values.get(name, "")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row was left out, and what to do. Row 0 is the file, row 1 its header."""

    row: int
    column: str
    message: str

    def as_json(self) -> dict[str, Any]:
        return {"row": self.row, "column": self.column, "message": self.message}


@dataclass(frozen=True, slots=True)
class Sku:
    """A checked variant and the row that it came from."""

    row: int
    wanted: WantedOffer


@dataclass(slots=True)
class Good:
    """A checked product: its SKUs, its category's name if any, its pictures as (address, alt)."""

    code: str
    category: str
    skus: list[Sku]
    images: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Summary:
    """What an import did, or would do. Counts are of SKUs but for `rows` and `products`."""

    rows: int = 0
    products: int = 0
    variants: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    pictures: int = 0
    errors: list[Problem] = field(default_factory=list)
    more_errors: int = 0
    notes: list[str] = field(default_factory=list)
    refused: bool = False

    def add(self, problem: Problem) -> None:
        if len(self.errors) < MAX_PROBLEMS:
            self.errors.append(problem)
        else:
            self.more_errors += 1

    def as_json(self) -> dict[str, Any]:
        counts = ("rows", "products", "variants", "created", "updated", "unchanged", "pictures")
        return {
            **{name: getattr(self, name) for name in counts},
            "errors": [problem.as_json() for problem in self.errors],
            "more_errors": self.more_errors,
            "notes": self.notes,
        }
