"""A payment provider that needs no contract and no network, and misbehaves on request."""

from orders.payments.sandbox.provider import SandboxProvider
from orders.payments.sandbox.scenarios import Scenario

__all__ = ["SandboxProvider", "Scenario"]
