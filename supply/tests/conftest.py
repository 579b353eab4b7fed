from __future__ import annotations

import pytest

from accounts.models import User
from supply import actions
from supply.models import Offer, PurchaseOrder, ReturnParcel, Supplier
from supply.tests.goods import line, offer_of, person, release, supplier_of


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


@pytest.fixture
def purchase(offer: Offer) -> PurchaseOrder:
    """Two tees to be shipped."""
    actions.reserve_stock(offer_id=offer.pk, quantity=2)
    return release(line(1, offer, 2))[0]


@pytest.fixture
def parcel(offer: Offer) -> ReturnParcel:
    """One tee that a buyer sends back."""
    return actions.expect_return(
        case_ref="CASE1",
        order_ref="ORDER1",
        offer_id=offer.pk,
        supplier_id=offer.supplier_id,
        title=offer.title,
        quantity=1,
        reason="too small",
    )
