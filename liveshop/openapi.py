"""The errors that every operation of the API has in common, written into its description."""

from __future__ import annotations

from typing import Any

PROBLEM = {
    "title": "Problem",
    "description": "RFC 9457. `code` is for programs, `detail` for people; some codes bring more fields.",
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "fields": {
            "description": "With 422: what is wrong with which field.",
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code"],
}


def describe_errors(schema: dict[str, Any]) -> None:
    """Add the problem documents that an operation can answer with, by what it takes."""
    schema["components"]["schemas"]["Problem"] = PROBLEM
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            for status, text in _errors(path, method, operation).items():
                operation["responses"].setdefault(
                    status,
                    {
                        "description": text,
                        "content": {
                            "application/problem+json": {
                                "schema": {"$ref": "#/components/schemas/Problem"}
                            }
                        },
                    },
                )


def _errors(path: str, method: str, operation: dict[str, Any]) -> dict[str, str]:
    found = {}
    if operation.get("security"):
        found["401"] = "Not signed in."
    if "{" in path:
        found["404"] = "There is no such thing, or it is not yours."
    if method != "get":
        found["409"] = "Not possible as things stand; `detail` says why. With Retry-After: later."
    if operation.get("parameters") or operation.get("requestBody"):
        found["422"] = "Something in the request is missing, unknown or malformed."
    return found
