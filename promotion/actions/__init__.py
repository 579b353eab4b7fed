"""The verbs of promotion: plans, placements with frozen terms, commissions."""

from promotion.actions.commissions import confirm, estimate, hold, reverse, unhold
from promotion.actions.placements import place, pull
from promotion.actions.plans import open_plan
from promotion.actions.terms import BoundTerms, direct_terms, terms_of

__all__ = [
    "BoundTerms",
    "confirm",
    "direct_terms",
    "estimate",
    "hold",
    "open_plan",
    "place",
    "pull",
    "reverse",
    "terms_of",
    "unhold",
]
