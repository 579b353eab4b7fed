from __future__ import annotations

import pytest

from accounts.models import User
from catalog.models import Listing
from catalog.tests.goods import listing_of
from supply.models import Supplier
from supply.tests.conftest import kay, supplier
from supply.tests.goods import person

__all__ = ["kay", "supplier"]


@pytest.fixture
def ann(db: None) -> User:
    """An anchor."""
    return person("ann")


@pytest.fixture
def listing(supplier: Supplier) -> Listing:
    return listing_of(supplier)
