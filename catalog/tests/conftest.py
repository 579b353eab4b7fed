from __future__ import annotations

import pytest

from accounts.models import User
from catalog.models import Category
from supply.models import Offer, Supplier
from supply.tests.goods import offer_of, person, supplier_of


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def kay(db: None) -> User:
    return person("kay")


@pytest.fixture
def rival(db: None) -> User:
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


@pytest.fixture
def fashion(db: None) -> Category:
    return Category.objects.create(slug="fashion", name_en="Fashion", name_zh="服饰")
