"""A show inside a running stack; runs through `Stack.shell`."""

from __future__ import annotations

from typing import Any

from tests.market import PASSWORD, _say


def open_show(*, listing_variant: int, pinned: bool = True) -> None:
    """An anchor's room on air with one listing. Prints room, slug, placement, variant, sessions."""
    from accounts.models import User
    from catalog.models import ListingVariant
    from rooms import actions

    anchor = User.objects.filter(username="anchor").first() or User.objects.create_user(
        "anchor", "anchor@example.com", PASSWORD, display_name="Lin Yao"
    )
    room = actions.start_show(
        room=actions.create_room(anchor=anchor, title="Morning table"), actor=anchor
    )
    item = ListingVariant.objects.get(pk=listing_variant)
    shown = actions.add_item(room=room, listing=item.listing, actor=anchor)
    if pinned:
        actions.pin(room=room, placement_id=shown.placement_id, actor=anchor)
    _say(
        room=room.pk,
        slug=room.slug,
        placement=shown.placement_id,
        variant=listing_variant,
        anchor=session_of(anchor),
        buyers=[session_of(user) for user in User.objects.filter(username__startswith="buyer")],
    )


def make_helper(*, username: str, role: str) -> None:
    """Put somebody at work in the crew of the anchor of `open_show`."""
    from accounts.models import User
    from rooms.actions import crew

    anchor, person = User.objects.get(username="anchor"), User.objects.get(username=username)
    member = crew.invite(anchor=anchor, who=username, role=role)
    crew.accept(member_id=member.pk, user=person)


def session_of(user: Any) -> str:
    """The cookie of a signed-in browser."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def purchases() -> None:
    """What was bought: numbers of orders, pieces of lines, pieces promised."""
    from django.db.models import Sum

    from orders.models import Order, OrderLine
    from supply.models import Stock

    _say(
        orders=list(Order.objects.values_list("number", flat=True)),
        pieces=OrderLine.objects.aggregate(sum=Sum("quantity"))["sum"] or 0,
        left=Stock.objects.get().available,
    )


def more_goods(*, slug: str, count: int) -> None:
    """Put `count` more listings, each of its own, on the room's shelf."""
    import itertools

    from rooms import actions
    from rooms.models import Room
    from rooms.tests import factories

    room = Room.objects.select_related("anchor").get(slug=slug)
    # Every call is a process of its own, and codes are given once.
    factories._numbers = itertools.count(room.pk * 1000)
    for number in range(count):
        listing = factories.listing(title=f"{room.slug} ware {number}")
        actions.add_item(room=room, listing=listing, actor=room.anchor)


def staff_session() -> None:
    """Sign in the admin of `open_market`. Prints the session."""
    from accounts.models import User

    _say(session=session_of(User.objects.get(username="market-admin")))
