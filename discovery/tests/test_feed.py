"""The front page: who is on air, what comes, what can be bought."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from core import clock
from core.actors import acting
from rooms import actions, feed
from rooms.tests import factories as make
from streaming import reports
from supply.models import Offer

pytestmark = pytest.mark.django_db


def test_the_feed_shows_rooms_on_air_and_leads_into_them(client: Client) -> None:
    room = make.live_room(items=1)
    item = make.first_item(room)
    actions.pin(room=room, placement_id=item.placement_id, actor=room.anchor)
    page = client.get("/").content.decode()
    assert f'href="/rooms/{room.slug}/"' in page
    assert item.card["title"] in page


def test_a_draft_and_a_finished_show_are_not_on_air(client: Client) -> None:
    actions.create_room(anchor=make.user(), title="Secret draft")
    over = actions.quick_start(user=make.user(), title="Over and gone")
    actions.end_room(room=over, actor=acting(over.anchor, "anchor"))
    page = client.get("/").content.decode()
    assert "Secret draft" not in page
    assert "Over and gone" not in page


def test_a_scheduled_show_is_announced(client: Client) -> None:
    person = make.user()
    room = actions.create_room(anchor=person, title="Tomorrow at eight")
    actions.schedule_room(room=room, at=clock.now() + timedelta(days=1), actor=person)
    assert "Tomorrow at eight" in client.get("/").content.decode()


def test_the_feed_pages_by_cursor(client: Client) -> None:
    rooms = [make.live_room() for _ in range(5)]
    first = feed.on_air(limit=3)
    second = feed.on_air(before=first.next or 0, limit=3)
    seen = [tile["id"] for tile in first.tiles + second.tiles]
    assert seen == [room.pk for room in reversed(rooms)]
    assert second.next is None
    answer = client.get(f"/?before={first.next}", HTTP_HX_REQUEST="true").content.decode()
    assert rooms[1].slug in answer
    assert rooms[3].slug not in answer
    assert "<html" not in answer
    assert client.get("/?before=rubbish").status_code == 200
    assert client.get("/?before=99999999999999999999999").status_code == 200


def test_rooms_with_a_picture_come_before_those_whose_camera_is_off(client: Client) -> None:
    rooms = [make.live_room() for _ in range(6)]
    for room in (rooms[0], rooms[2], rooms[5]):
        assert room.stream is not None
        reports.record_on_air(room.stream.key)
        actions.video_changed(stream_key=room.stream.key)
    wanted = [rooms[n].pk for n in (5, 2, 0, 4, 3, 1)]
    for size in (1, 2, 3, 4, 6):
        seen: list[int] = []
        cursor = 0
        while True:
            page = feed.on_air(before=cursor, limit=size)
            seen += [tile["id"] for tile in page.tiles]
            if page.next is None:
                break
            cursor = page.next
        assert seen == wanted, size


def test_goods_on_air_lead_into_the_room_and_others_to_their_page(client: Client) -> None:
    shown, other = make.listing(title="Silk robe"), make.listing(title="Camel coat")
    room = make.live_room()
    actions.add_item(room=room, listing=shown, actor=room.anchor)
    goods = {good["title"]: good["url"] for good in client.get("/").context["goods"]}
    assert goods == {
        "Silk robe": f"/rooms/{room.slug}/",
        "Camel coat": f"/goods/{other.slug}/",
    }


def test_a_feed_of_many_rooms_costs_a_fixed_number_of_queries(
    django_assert_max_num_queries,
) -> None:
    for _ in range(6):
        make.live_room(items=1)
    with django_assert_max_num_queries(3):
        feed.on_air()


def test_without_redis_the_feed_still_comes(client: Client, settings) -> None:
    from core import redis

    room = make.live_room()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    redis.client.cache_clear()
    try:
        assert room.slug in client.get("/").content.decode()
        assert client.get(f"/rooms/{room.slug}/").status_code == 200
    finally:
        redis.client.cache_clear()


def test_goods_whose_offers_are_all_withdrawn_are_not_shown(client: Client) -> None:
    make.listing(title="Silk robe")
    gone = make.listing(title="Camel coat")
    Offer.objects.filter(listing_variant__listing=gone).update(status=Offer.Status.WITHDRAWN)
    for page in ("/", "/?q=camel"):
        assert "Camel coat" not in [good["title"] for good in client.get(page).context["goods"]]
