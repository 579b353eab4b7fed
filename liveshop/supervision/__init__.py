"""Starts the product's processes, keeps them alive, and ends them together."""

from liveshop.supervision.children import Child, Program
from liveshop.supervision.supervisor import Supervisor

__all__ = ["Child", "Program", "Supervisor"]
