"""Everything that an anchor can hang into a room, at once; runs through `Stack.shell`."""

from __future__ import annotations


def hang_everything(*, room: int, placement: int) -> None:
    """An announcement, a poll, a coupon, and a flash sale of the item that is on screen."""
    from promotion.actions import flash_terms
    from promotion.models import Placement
    from rooms import actions
    from rooms.actions import notices, polls
    from rooms.models import Room

    show = Room.objects.select_related("anchor").get(pk=room)
    anchor = show.anchor
    notices.announce(
        room=show, text="Free delivery on all that is ordered before midnight", actor=anchor
    )
    polls.open_poll(
        room=show,
        question="Which colour shall we show next?",
        options=["Sand", "Midnight blue", "Moss green"],
        seconds=600,
        actor=anchor,
    )
    actions.drop_coupon(
        room=show, kind="fixed", amount_minor=500, threshold_minor=5000, count=50,
        valid_minutes=30, seconds=600, actor=anchor,
    )  # fmt: skip
    (term,) = flash_terms(Placement.objects.get(pk=placement))
    actions.start_flash(
        room=show, placement_id=placement, prices={term.variant_id: term.was_minor - 1000},
        quantity=5, per_buyer=1, seconds=300, actor=anchor,
    )  # fmt: skip
