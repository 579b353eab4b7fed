"""Tables of promotion: plans and placements, commissions, flash sales, coupons."""

from promotion.models.coupons import Coupon, CouponClaim
from promotion.models.flash import FlashBuyer, FlashPrice, FlashSale
from promotion.models.terms import (
    Commission,
    CommissionPlan,
    CommissionQuerySet,
    Placement,
    PlacementQuerySet,
    PlacementTerm,
)

__all__ = [
    "Commission",
    "CommissionPlan",
    "CommissionQuerySet",
    "Coupon",
    "CouponClaim",
    "FlashBuyer",
    "FlashPrice",
    "FlashSale",
    "Placement",
    "PlacementQuerySet",
    "PlacementTerm",
]
