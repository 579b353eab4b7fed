"""The room's script without a browser: the same fold as the server's, and its weight."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.stack import ROOT


def _asked(script: str, cases: Any) -> Any:
    """What the browser's code makes of the cases, by the script of that name in this folder."""
    done = subprocess.run(
        ["node", f"tests/{script}.mjs"],
        cwd=ROOT,
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


# The fold ----------------------------------------------------------------------------------------

_ids = st.integers(1, 4)
_state = st.sampled_from(["LISTED", "PINNED", "EXPLAINED", "SOLD_OUT"])


@st.composite
def _variant(draw: st.DrawFn, number: int) -> dict[str, Any]:
    minor = draw(st.integers(100, 900))
    return {
        "id": number,
        "label": f"V{number}",
        "minor": minor,
        "currency": "CNY",
        "text": f"¥{minor / 100:.2f}",
        "left": draw(st.integers(0, 9)),
    }


@st.composite
def _item(draw: st.DrawFn) -> dict[str, Any]:
    placement = draw(_ids)
    variants = [draw(_variant(number)) for number in range(1, draw(st.integers(1, 3)) + 1)]
    cheapest = min(variants, key=lambda variant: variant["minor"])
    return {
        "placement": placement,
        "number": placement,
        "state": "LISTED",
        "title": f"Item {placement}",
        "picture": None,
        "price": {k: cheapest[k] for k in ("minor", "currency", "text")},
        "variants": variants,
    }


_EVENTS = st.one_of(
    st.builds(
        lambda state, at: {
            "t": "room.state",
            "state": state,
            "scheduled_at": None,
            "started_at": at,
            "ended_at": None,
        },
        st.sampled_from(["LIVE", "INTERRUPTED", "ENDED"]),
        st.one_of(st.none(), st.integers(1, 10**12)),
    ),
    st.builds(lambda item: {"t": "item.listed", "item": item}, _item()),
    st.builds(lambda p: {"t": "item.pulled", "placement": p}, _ids),
    st.builds(lambda order: {"t": "item.sorted", "order": order}, st.permutations([1, 2, 3])),
    st.builds(lambda p: {"t": "pin", "placement": p}, st.one_of(st.none(), _ids)),
    st.builds(
        lambda p, v, m: {
            "t": "price",
            "placement": p,
            "variant": v,
            "minor": m,
            "currency": "CNY",
            "text": f"{m}",
        },
        _ids,
        st.integers(1, 3),
        st.integers(1, 999),
    ),
    st.builds(
        lambda p, v, n, s: {"t": "stock", "placement": p, "variant": v, "left": n, "state": s},
        _ids,
        st.integers(1, 3),
        st.integers(0, 9),
        _state,
    ),
    st.builds(lambda s: {"t": "video", "state": s}, st.sampled_from(["live", "away", "ended"])),
    st.builds(
        lambda ids: {"t": "chat.removed", "ids": ids}, st.lists(st.sampled_from(["2.a", "3.b"]))
    ),
    st.builds(lambda user: {"t": "chat.removed", "user": user}, st.sampled_from([2, 3, 4])),
    st.builds(
        lambda key, value: {"t": "board", "key": key, "value": value},
        st.sampled_from(["notice", "poll"]),
        st.one_of(st.none(), st.builds(lambda n: {"text": str(n)}, _ids)),
    ),
    st.builds(lambda n: {"t": "ticker", "name": "A***n", "title": "x", "qty": n}, _ids),
)


def _numbered(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**event, "s": 18 + index} for index, event in enumerate(events)]


_EMPTY = {
    "s": 17,
    "now": 0,
    "room": {
        "id": 1,
        "slug": "x",
        "title": "x",
        "state": "LIVE",
        "scheduled_at": None,
        "started_at": 5,
        "ended_at": None,
        "anchor": {"id": 2, "name": "x", "username": "x"},
    },
    "items": [],
    "pinned": None,
    "board": {},
    "chat": [
        {
            "id": f"{user}.{nonce}",
            "user": {"id": user, "name": "x", "role": "viewer", "level": 0},
            "text": "x",
            "at": 5,
            **(
                {"reply": {"id": "2.a", "name": "x", "text": "x"}, "mentions": [2]}
                if user == 3
                else {}
            ),
        }
        for user, nonce in ((2, "a"), (3, "b"), (2, "c"))
    ],
    "counts": {"viewers": 0, "likes": 0},
    "video": {"state": "live", "sources": []},
}


# Something was left pinned that the room did not point at: the next pin explains it all the same.
_TWO_PINNED = [
    *(
        {
            "t": "item.listed",
            "item": {
                "placement": placement,
                "number": placement,
                "state": state,
                "title": "x",
                "picture": None,
                "price": {"minor": 1, "currency": "CNY", "text": "1"},
                "variants": [],
            },
        }
        for placement, state in ((1, "PINNED"), (2, "LISTED"))
    ),
    {"t": "pin", "placement": 2},
]


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(_EVENTS, max_size=30).map(_numbered), min_size=60, max_size=60))
@example([_numbered(_TWO_PINNED)])
def test_the_browser_folds_events_exactly_as_the_server_does(
    shows: list[list[dict[str, Any]]],
) -> None:
    from rooms.snapshot import fold

    expected = []
    for events in shows:
        state: dict[str, Any] = _EMPTY
        for event in events:
            state = fold(state, event)
        expected.append(state)
    cases = [{"snapshot": _EMPTY, "events": events} for events in shows]
    assert _asked("fold", cases) == expected


# What was said meanwhile --------------------------------------------------------------------------


def _absence(chance: random.Random) -> dict[str, list[dict[str, Any]]]:
    """`said` in the room, `known` to a viewer when its line was lost, `told` when it is back."""
    at = 10_000
    said: list[dict[str, Any]] = []
    for number in range(chance.randint(1, 90)):
        at += chance.randint(1, 700)
        said.append({"id": f"2.{number}", "user": {"id": 2}, "text": "x", "at": at})
    heard = chance.randint(1, len(said))
    last = said[heard - 1]["at"]
    # Lines of the last moment may come out of order, so that the newest one is known first.
    known = [
        line
        for line in said[:heard]
        if last - line["at"] >= 1000 or line["at"] == last or chance.random() < 0.5
    ]
    told = [line for line in said[-50:] if line["at"] >= last - 1000]
    return {"said": said, "known": known, "told": told}


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=True))
def test_who_comes_back_knows_each_line_once_in_order_and_without_a_hole(
    chance: random.Random,
) -> None:
    absences = [_absence(chance) for _ in range(200)]
    for absence, chat in zip(absences, _asked("recall", absences), strict=True):
        said = [line["id"] for line in absence["said"]]
        assert chat["kept"] == chat["shown"]
        # Whatever is there reaches without a hole to what was said last.
        assert chat["kept"] == said[said.index(chat["kept"][0]) :]
        assert len(chat["kept"]) >= min(50, len(said))


# Prices ------------------------------------------------------------------------------------------


def _priced(chance: random.Random) -> dict[str, Any]:
    """An item of which some variants may be on sale at `at`."""
    variants = [
        {"id": number, "minor": minor, "text": f"¥{minor}", "left": 1}
        for number in range(chance.randint(1, 3))
        for minor in [chance.randint(5, 9)]
    ]
    lowest = min(variants, key=lambda variant: variant["minor"])
    item = {
        "placement": 1,
        "variants": variants,
        "price": {"minor": lowest["minor"], "text": lowest["text"]},
    }
    reduced = [
        {"id": variant["id"], "minor": minor, "text": f"¥{minor}", "was": variant["text"]}
        for variant in variants
        for minor in [chance.randint(1, variant["minor"] - 1)]
        if chance.random() < 0.7
    ]
    flash = {
        "placement": chance.choice([1, 1, 1, 2]),
        "variants": reduced,
        "left": chance.choice([0, 3, 3]),
        "starts_at": 10,
        "ends_at": 20,
    }
    board = {"flash": flash} if chance.random() < 0.9 else {}
    return {"item": item, "board": board, "at": chance.choice([9, 10, 15, 19, 20])}


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=True))
def test_the_page_is_written_with_the_prices_that_the_browser_shows(chance: random.Random) -> None:
    from rooms.deals import price_shown

    cases = [_priced(chance) for _ in range(300)]
    expected = []
    for case in cases:
        price = price_shown(case["item"], case["board"], at=case["at"])
        expected.append([price.lowest["minor"], price.varies, price.was and price.was["text"]])
    assert _asked("prices", cases) == expected
    assert any(was for _lowest, _varies, was in expected)


# Weight ------------------------------------------------------------------------------------------


def _weight(entry: str, kind: str) -> int:
    """Gzipped bytes that a page with this Vite entry loads at once, chunks shared or not."""
    dist = ROOT / "static" / "dist"
    manifest = json.loads((dist / "manifest.json").read_text())
    files: set[str] = set()

    def take(name: str) -> None:
        chunk = manifest[name]
        files.update([chunk["file"]] if kind == "js" else chunk.get("css", []))
        for imported in chunk.get("imports", []):
            take(imported)

    take(entry)
    return sum(len(gzip.compress((dist / file).read_bytes(), 9)) for file in files)


def test_the_room_is_light() -> None:
    script = _weight("frontend/src/room/main.ts", "js") + _weight("frontend/src/base.ts", "js")
    assert script < 24_000
    assert _weight("frontend/src/room/main.ts", "css") < 9_000
