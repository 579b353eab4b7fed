"""The API against its own description: every operation is there, guarded, strict and paged alike."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client

from orders.tests.conftest import (  # noqa: F401
    Market,
    _webhooks_reach_our_own_endpoint,
    market,
    user,
)
from rooms import actions as rooms

pytestmark = pytest.mark.django_db

# Whole lists: each has an end of its own, far below one page.
WHOLE = {"/addresses", "/tokens", "/categories", "/suppliers", "/ledger/accounts"}
PREFIX = "/api/v1"


@pytest.fixture
def described(client: Client) -> dict[str, Any]:
    answer = client.get(f"{PREFIX}/openapi.json")
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture
def reader(db: None) -> Client:
    client = Client()
    client.force_login(user("reader"))
    return client


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]


def address(path: str, operation: dict[str, Any]) -> str:
    """The path with an object that does not exist."""
    kinds = {p["name"]: p["schema"].get("type") for p in operation.get("parameters", [])}
    return re.sub(
        r"{(\w+)}", lambda m: "999999999" if kinds.get(m[1]) == "integer" else "none", path
    )


def knock(client: Client, path: str, method: str, operation: dict[str, Any], body: Any = None):
    return client.generic(
        method.upper(), address(path, operation), json.dumps(body or {}), "application/json"
    )


def resolved(described: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return described["components"]["schemas"][name] if name else schema


def body_of(described: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of an operation's JSON body."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return resolved(described, content["schema"]) if content else None


def answer_of(described: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    content = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
    return resolved(described, content.get("schema", {}))


def test_every_operation_says_what_it_does_and_how_it_refuses(described):
    found = operations(described)
    assert len(found) > 60
    assert len({operation["operationId"] for _p, _m, operation in found}) == len(found)
    for path, method, operation in found:
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["tags"], where
        assert {"200", "201", "204"} & set(operation["responses"]), where
        for parameter in re.findall(r"{(\w+)}", path):
            assert parameter in {p["name"] for p in operation["parameters"]}, where
            assert "404" in operation["responses"], where
        if operation.get("security"):
            assert "401" in operation["responses"], where
        if body_of(described, operation):
            assert "422" in operation["responses"], where


def test_a_guest_is_asked_to_sign_in_by_a_problem_document(described):
    guest = Client()
    for path, method, operation in operations(described):
        answer = knock(guest, path, method, operation)
        assert (answer.status_code == 401) == bool(operation.get("security")), (method, path)
        if answer.status_code == 401:
            assert answer["Content-Type"] == "application/problem+json"
            problem = answer.json()
            assert (problem["status"], problem["code"]) == (401, "not_authenticated")
            assert problem["detail"]


def test_a_worthless_token_is_no_token(described):
    answer = Client().get(f"{PREFIX}/me", headers={"Authorization": "Bearer none"})
    assert answer.status_code == 401


def test_every_operation_is_reachable_and_refuses_by_a_problem_document(described, reader):
    for path, method, operation in operations(described):
        answer = knock(reader, path, method, operation)
        where = (method, path, answer.status_code)
        assert answer.status_code not in {401, 403, 405}, where
        assert answer.status_code < 500, where
        if answer.status_code >= 400:
            assert answer["Content-Type"] == "application/problem+json", where
            assert {"type", "title", "status", "detail", "code"} <= set(answer.json()), where


def test_unknown_fields_are_refused_by_name(described, reader):
    bodies = 0
    for path, method, operation in operations(described):
        schema = body_of(described, operation)
        if schema is None:
            continue
        bodies += 1
        assert schema.get("additionalProperties") is False, (method, path)
        answer = knock(reader, path, method, operation, {"surprise": 1})
        assert answer.status_code == 422, (method, path)
        wrong = [field["field"].split(".")[-1] for field in answer.json()["fields"]]
        assert "surprise" in wrong, (method, path)
    assert bodies > 15


def test_a_nul_in_any_text_is_refused(described, reader):
    tried = 0
    for path, method, operation in operations(described):
        for name, field in (body_of(described, operation) or {}).get("properties", {}).items():
            if field.get("type") == "string" and "format" not in field:
                answer = knock(reader, path, method, operation, {name: "a\x00b"})
                wrong = [each["field"].split(".")[-1] for each in answer.json()["fields"]]
                assert (answer.status_code, name in wrong) == (422, True), (method, path, name)
                tried += 1
    assert tried > 15


def test_lists_are_paged_by_cursor(described):
    paged = 0
    for path, method, operation in operations(described):
        answer = answer_of(described, operation)
        if method != "get":
            continue
        if answer.get("type") == "array":
            assert path.removeprefix(PREFIX) in WHOLE, path
        elif "results" in answer.get("properties", {}):
            paged += 1
            assert {"previous", "next"} <= set(answer["properties"]), path
            assert {"cursor", "page_size"} <= {p["name"] for p in operation["parameters"]}, path
    assert paged >= 10


def test_following_the_cursor_shows_each_row_once(described, market: Market):  # noqa: F811
    for number in range(2):
        market.into_room(market.new_offer(f"MORE-{number}"))
        market.delivered()
    for person in (market.buyer, market.anchor):
        rooms.quick_start(user=person, title="On air")
    walked = {}
    for client in (market.client, *(signed_in(p) for p in (market.seller, market.anchor))):
        for path, method, operation in operations(described):
            if method != "get" or "{" in path:
                continue
            if "results" not in answer_of(described, operation).get("properties", {}):
                continue
            whole = [json.dumps(row) for row in client.get(path).json()["results"]]
            seen: list[str] = []
            url: str | None = f"{path}?page_size=1"
            while url and len(seen) <= len(whole):
                page = client.get(url).json()
                assert len(page["results"]) <= 1
                seen += [json.dumps(row) for row in page["results"]]
                url = page["next"]
            assert seen == whole, path
            walked[path] = max(len(whole), walked.get(path, 0))
    assert {path for path, rows in walked.items() if rows >= 2} >= {
        f"{PREFIX}/{name}"
        for name in ("listings", "rooms", "orders", "orders/sold", "placements", "purchase-orders")
    }


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client
