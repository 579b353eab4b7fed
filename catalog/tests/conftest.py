from __future__ import annotations

import pytest

from catalog.models import Category
from supply.tests.conftest import kay, offer, others, rival, supplier

__all__ = ["kay", "offer", "others", "rival", "supplier"]


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def fashion(db: None) -> Category:
    return Category.objects.create(slug="fashion", name_en="Fashion", name_zh="服饰")
