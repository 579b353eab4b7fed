from __future__ import annotations

import pytest

from accounts.models import User
from catalog.models import Listing
from catalog.tests.goods import listing_of
from supply.models import Supplier
from supply.tests.goods import person, supplier_of


@pytest.fixture
def kay(db: None) -> User:
    return person("kay")


@pytest.fixture
def ann(db: None) -> User:
    """An anchor."""
    return person("ann")


@pytest.fixture
def supplier(kay: User) -> Supplier:
    return supplier_of(kay)


@pytest.fixture
def listing(supplier: Supplier) -> Listing:
    return listing_of(supplier)
