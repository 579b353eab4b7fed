"""Flash sales of a placement: a lower price for so many pieces and so many seconds."""

from promotion.actions.flash.opening import (
    FlashTerm,
    abort_flash,
    flash_terms,
    open_flash,
    settle_flash,
)
from promotion.actions.flash.taking import (
    FlashMissed,
    FlashNow,
    current_price,
    flash_gone,
    flash_now,
    give_back_flash,
    price_changed,
    retake_flash,
    take_flash,
    take_flash_pieces,
)

__all__ = [
    "FlashMissed",
    "FlashNow",
    "FlashTerm",
    "abort_flash",
    "current_price",
    "flash_gone",
    "flash_now",
    "flash_terms",
    "give_back_flash",
    "open_flash",
    "price_changed",
    "retake_flash",
    "settle_flash",
    "take_flash",
    "take_flash_pieces",
]
