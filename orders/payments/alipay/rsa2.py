"""RSA2, Alipay's name for SHA256withRSA (PKCS #1 v1.5), base64-encoded."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from orders.payments.contract import BadSignature, Misconfigured


def canonical(params: Mapping[str, str], *, without: frozenset[str]) -> str:
    """The text that is signed: `name=value` by name, empty values and `without` left out."""
    return "&".join(
        f"{name}={params[name]}"
        for name in sorted(params)
        if name not in without and params[name] != ""
    )


def sign(text: str, private_key: str) -> str:
    """Base64 signature of `text`. Raises Misconfigured for a missing or unreadable key."""
    made = _private(private_key).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(made).decode()


def verify(text: str, signature: str, public_key: str) -> None:
    """Raises BadSignature when `signature` is not the key's, Misconfigured for a bad key."""
    key = _public(public_key)
    try:
        given = base64.b64decode(signature, validate=True)
        key.verify(given, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        raise BadSignature("the signature does not match") from None


def readable(*, private: str, public: str) -> None:
    """Raises Misconfigured unless both keys can be used."""
    _private(private)
    _public(public)


@lru_cache(maxsize=4)
def _private(text: str) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_der_private_key(_der(text), password=None)
    except (ValueError, TypeError) as error:
        raise Misconfigured(f"ALIPAY_PRIVATE_KEY cannot be read: {error}") from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < 2048:
        raise Misconfigured("ALIPAY_PRIVATE_KEY must be an RSA key of 2048 bits or more.")
    return key


@lru_cache(maxsize=4)
def _public(text: str) -> rsa.RSAPublicKey:
    try:
        key = serialization.load_der_public_key(_der(text))
    except (ValueError, TypeError) as error:
        raise Misconfigured(f"ALIPAY_PUBLIC_KEY cannot be read: {error}") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise Misconfigured("ALIPAY_PUBLIC_KEY must be an RSA key.")
    return key


def _der(text: str) -> bytes:
    """Alipay's tools hand out bare base64; PEM with its armour is read too."""
    # An environment variable often holds its line ends as two characters.
    lines = text.replace("\\n", "\n").splitlines()
    body = "".join(line.strip() for line in lines if not line.startswith("-----"))
    return base64.b64decode(body, validate=True)
