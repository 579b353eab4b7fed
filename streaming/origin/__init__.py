"""The embedded video origin."""

from __future__ import annotations

from typing import Any


class Origin:
    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def close(self) -> None:
        """Flush what is open."""


origin = Origin()
