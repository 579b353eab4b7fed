"""HTTP API of this floor."""

from ninja import Router

router = Router(tags=["orders"])
