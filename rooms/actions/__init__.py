"""Everything that happens in a room, one function per use case, one transaction each."""

from rooms.actions.covers import remove_cover, set_cover
from rooms.actions.deals import (
    abort_flash,
    claim_coupon,
    coupon_moved,
    drop_coupon,
    flash_moved,
    start_flash,
    withdraw_coupon,
)
from rooms.actions.goods import add_item, pin, pull_item, sort_items
from rooms.actions.news import (
    item_withdrawn,
    listing_changed,
    order_paid,
    reward_buyer,
    show_ticker,
    stock_changed,
    video_changed,
)
from rooms.actions.notices import announce, pin_line, take_notice_down
from rooms.actions.polls import close_poll, open_poll, take_poll_down
from rooms.actions.shows import (
    create_room,
    discard_room,
    end_room,
    go_live,
    open_replay,
    quick_start,
    schedule_room,
    start_show,
)
from rooms.actions.talk import add_likes, post_chat

__all__ = [
    "abort_flash",
    "add_item",
    "add_likes",
    "announce",
    "claim_coupon",
    "close_poll",
    "coupon_moved",
    "create_room",
    "discard_room",
    "drop_coupon",
    "end_room",
    "flash_moved",
    "go_live",
    "item_withdrawn",
    "listing_changed",
    "open_poll",
    "open_replay",
    "order_paid",
    "pin",
    "pin_line",
    "post_chat",
    "pull_item",
    "quick_start",
    "remove_cover",
    "reward_buyer",
    "schedule_room",
    "set_cover",
    "show_ticker",
    "sort_items",
    "start_flash",
    "start_show",
    "stock_changed",
    "take_notice_down",
    "take_poll_down",
    "video_changed",
    "withdraw_coupon",
]
