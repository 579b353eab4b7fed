"""What the catalogue does when supply announces something."""

from __future__ import annotations

from catalog import actions
from core.events import handles
from supply.events import OfferChanged, OfferWithdrawn, SupplierMoved


@handles(OfferChanged)
def carry_over(event: OfferChanged) -> None:
    actions.offer_changed(offer_id=event.offer_id)


@handles(OfferWithdrawn)
def take_off(event: OfferWithdrawn) -> None:
    actions.offer_withdrawn(offer_id=event.offer_id)


@handles(SupplierMoved)
def follow_supplier(event: SupplierMoved) -> None:
    actions.supplier_moved(supplier_id=event.supplier_id)
