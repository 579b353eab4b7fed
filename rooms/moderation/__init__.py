"""Judging what is said: texts seen through their disguises, rules of a house, and their gate.

Nothing here waits. `house` reads from PostgreSQL what a `gate` then judges by from memory.
"""
