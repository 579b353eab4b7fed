from __future__ import annotations

import pytest

from accounts.models import User
from supply.models import Offer, Supplier
from supply.tests.goods import offer_of, person, supplier_of


@pytest.fixture
def kay(db: None) -> User:
    """Works for the supplier."""
    return person("kay")


@pytest.fixture
def rival(db: None) -> User:
    """Works for another one."""
    return person("rival")


@pytest.fixture
def supplier(kay: User) -> Supplier:
    return supplier_of(kay)


@pytest.fixture
def others(rival: User) -> Supplier:
    return supplier_of(rival, "Rival & Sons")


@pytest.fixture
def offer(supplier: Supplier) -> Offer:
    return offer_of(supplier)
