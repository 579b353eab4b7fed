"""Public identifiers that leak no volume and survive being read out over the phone."""

from __future__ import annotations

import secrets

# Crockford base32: no I, L, O, U.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def public_number(length: int = 11) -> str:
    """Random base32 plus one check character (weighted sum modulo 31); 55 random bits by default."""
    bits = secrets.randbits(5 * length)
    digits = [bits >> shift & 31 for shift in range(0, 5 * length, 5)]
    check = sum(place * digit for place, digit in enumerate(digits, 1)) % 31
    return "".join([ALPHABET[digit] for digit in digits]) + ALPHABET[check]


def is_public_number(value: str) -> bool:
    """Whether a typed number is well formed, so that a typing error is told apart from a missing order."""
    value = value.upper()
    return len(value) > 1 and all(c in ALPHABET for c in value) and _check(value[:-1]) == value[-1]


def _check(body: str) -> str:
    return ALPHABET[sum((i + 1) * ALPHABET.index(c) for i, c in enumerate(body)) % 31]
