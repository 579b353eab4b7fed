"""The verbs of promotion: plans, placements with frozen terms, commissions, flash sales, coupons."""

from promotion.actions.commissions import confirm, estimate, hold, reverse, unhold
from promotion.actions.coupons import (
    Discount,
    Goods,
    best_discount,
    claim_coupon,
    drop_coupon,
    most_funded,
    respend_coupon,
    return_coupon,
    settle_coupon,
    spend_coupon,
    usable_claims,
    withdraw_coupon,
)
from promotion.actions.flash import (
    FlashMissed,
    abort_flash,
    flash_terms,
    give_back_flash,
    open_flash,
    retake_flash,
    settle_flash,
    take_flash,
)
from promotion.actions.placements import hold_sales, place, pull, release_sales
from promotion.actions.plans import open_plan
from promotion.actions.terms import BoundTerms, direct_terms, terms_of

__all__ = [
    "BoundTerms",
    "Discount",
    "FlashMissed",
    "Goods",
    "abort_flash",
    "best_discount",
    "claim_coupon",
    "confirm",
    "direct_terms",
    "drop_coupon",
    "estimate",
    "flash_terms",
    "give_back_flash",
    "hold",
    "hold_sales",
    "most_funded",
    "open_flash",
    "open_plan",
    "place",
    "pull",
    "release_sales",
    "respend_coupon",
    "retake_flash",
    "return_coupon",
    "reverse",
    "settle_coupon",
    "settle_flash",
    "spend_coupon",
    "take_flash",
    "terms_of",
    "unhold",
    "usable_claims",
    "withdraw_coupon",
]
