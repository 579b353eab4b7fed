"""A show from its first tap to its replay, by its actions and over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from core import clock, deadlines, events
from core.actors import acting
from core.errors import Conflict, Invalid, NotFound
from promotion.models import Placement
from rooms import actions, watch
from rooms.models import Room, RoomEvent
from rooms.snapshot import snapshot
from rooms.tests import factories as make
from streaming import reports
from streaming.models import Marker

pytestmark = pytest.mark.django_db

JSON = {"HTTP_ACCEPT": "application/json"}


def types_of(room: Room) -> list[str]:
    return list(RoomEvent.objects.filter(room=room).values_list("type", flat=True))


def test_anyone_signed_in_is_live_with_one_post(client: Client) -> None:
    person = make.user()
    client.force_login(person)
    answer = client.post("/studio/go-live/", {"title": "First show"})
    room = Room.objects.get(anchor=person)
    assert answer.status_code == 302
    assert answer["Location"] == f"/studio/{room.slug}/"
    assert (room.state, room.title) == ("LIVE", "First show")
    assert room.stream is not None
    assert client.get("/").content.decode().count("First show") >= 1


def test_a_double_tap_opens_one_room() -> None:
    person = make.user()
    first = actions.quick_start(user=person)
    assert actions.quick_start(user=person).pk == first.pk
    assert Room.objects.filter(anchor=person).count() == 1


def test_a_guest_is_sent_to_sign_in(client: Client) -> None:
    assert client.post("/studio/go-live/").headers["Location"].startswith("/accounts/login/")
    assert not Room.objects.exists()


def test_a_scheduled_room_can_be_seen_before_it_opens_and_a_draft_cannot(client: Client) -> None:
    person = make.user()
    room = actions.create_room(anchor=person, title="Tomorrow")
    assert client.get(f"/rooms/{room.slug}/").status_code == 404
    room = actions.schedule_room(room=room, at=clock.now() + timedelta(days=1), actor=person)
    assert client.get(f"/rooms/{room.slug}/").status_code == 200
    with pytest.raises(Invalid):
        actions.schedule_room(room=room, at=clock.now() - timedelta(days=1), actor=person)
    client.force_login(person)
    assert client.post(f"/studio/{room.slug}/go-live/").status_code == 302
    room.refresh_from_db()
    assert room.state == "LIVE"


def test_the_first_html_has_the_whole_room_without_scripts(client: Client) -> None:
    room = make.live_room(items=2)
    item = make.first_item(room)
    page = client.get(f"/rooms/{room.slug}/").content.decode()
    assert 'id="room-snapshot"' in page
    outside_json = page.split('id="room-snapshot"')[0]
    assert item.card["title"] in outside_json
    assert item.card["price"]["text"] in outside_json


def test_the_title_is_text_and_never_markup(client: Client) -> None:
    person = make.user()
    room = actions.quick_start(user=person, title="</script><script>alert(1)</script>")
    page = client.get(f"/rooms/{room.slug}/").content.decode()
    assert "<script>alert(1)" not in page


def test_goods_are_listed_pinned_sorted_and_pulled() -> None:
    room = make.live_room(items=3)
    first, second, third = [item["placement"] for item in snapshot(room.pk)["items"]]
    actions.pin(room=room, placement_id=first, actor=room.anchor)
    actions.pin(room=room, placement_id=second, actor=room.anchor)
    actions.sort_items(room=room, order=[third, first], actor=room.anchor)
    actions.pull_item(room=room, placement_id=first, actor=room.anchor)
    state = snapshot(room.pk)
    assert [(i["placement"], i["number"], i["state"]) for i in state["items"]] == [
        (third, 3, "LISTED"),
        (second, 2, "PINNED"),
    ]
    assert state["pinned"] == second
    assert types_of(room)[-4:] == ["pin", "pin", "item.sorted", "item.pulled"]
    assert Placement.objects.get(pk=first).pulled_at is not None


def test_a_pin_opens_a_chapter() -> None:
    room = make.live_room(items=1)
    item = make.first_item(room)
    actions.pin(room=room, placement_id=item.placement_id, actor=room.anchor)
    actions.pin(room=room, placement_id=None, actor=room.anchor)
    markers = Marker.objects.filter(stream=room.stream).values_list("kind", "ref")
    assert list(markers) == [("pin", str(item.placement_id)), ("unpin", str(item.placement_id))]


def test_one_listing_is_in_a_room_once_until_it_is_pulled() -> None:
    room = make.live_room()
    goods = make.listing()
    item = actions.add_item(room=room, listing=goods, actor=room.anchor)
    with pytest.raises(Conflict) as refused:
        actions.add_item(room=room, listing=goods, actor=room.anchor)
    assert refused.value.code == "already_listed"
    actions.pull_item(room=room, placement_id=item.placement_id, actor=room.anchor)
    again = actions.add_item(room=room, listing=goods, actor=room.anchor)
    assert again.number == 2


@pytest.mark.parametrize(
    ("verb", "data"),
    [
        ("pin", {"placement": 1}),
        ("items", {"listing": 1}),
        ("items/remove", {"placement": 1}),
        ("items/sort", {"order": [1]}),
        ("go-live", {}),
        ("end", {}),
        ("discard", {}),
        ("schedule", {"scheduled_at": "2090-01-01T10:00"}),
        ("chat", {"text": "hello"}),
    ],
)
def test_a_strangers_studio_is_not_there(client: Client, verb: str, data: dict) -> None:
    room = make.live_room(items=1)
    client.force_login(make.user(is_staff=True))
    answer = client.post(f"/studio/{room.slug}/{verb}/", data, "application/json", **JSON)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    for page in ("", "selection/", "numbers/"):
        assert client.get(f"/studio/{room.slug}/{page}").status_code == 404
    assert (
        client.put(
            f"/api/v1/rooms/{room.slug}/pin", {"placement": 1}, "application/json"
        ).status_code
        == 404
    )
    room.refresh_from_db()
    assert (room.state, room.pinned) == ("LIVE", None)


def test_the_studio_takes_forms_and_json(client: Client) -> None:
    room = make.live_room()
    client.force_login(room.anchor)
    goods = make.listing()
    answer = client.post(f"/studio/{room.slug}/items/", {"listing": goods.pk})
    assert answer.status_code == 302
    item = make.first_item(room)
    url = f"/studio/{room.slug}/pin/"
    answer = client.post(url, {"placement": item.placement_id}, "application/json", **JSON)
    assert answer.json() == {"room": room.slug, "pinned": item.placement_id}
    for broken in ("[1]", "{", '{"placement": "x"}', '{"placement": true}'):
        assert client.post(url, broken, "application/json", **JSON).status_code == 422
    assert client.get(f"/studio/{room.slug}/").status_code == 200
    assert client.get("/studio/").status_code == 200


def test_the_selection_shows_what_each_item_earns(client: Client) -> None:
    room = make.live_room()
    make.listing(title="Camel coat")
    goods = make.listing(title="Silk robe")
    client.force_login(room.anchor)
    actions.add_item(room=room, listing=goods, actor=room.anchor)
    rows = client.get(f"/studio/{room.slug}/selection/", **JSON).json()["rows"]
    assert [(row["title"], row["taken"]) for row in rows] == [
        ("Silk robe", True),
        ("Camel coat", False),
    ]
    assert rows[0]["earn"]["minor"] == 1980
    assert client.get(f"/studio/{room.slug}/selection/?page=999999").status_code == 200


def test_an_interrupted_show_waits_and_then_ends() -> None:
    room = make.live_room(items=1)
    item = make.first_item(room)
    actions.pin(room=room, placement_id=item.placement_id, actor=room.anchor)
    reports.record_on_air(room.stream.key)
    events.deliver_due()
    assert snapshot(room.pk)["video"]["state"] == "live"
    reports.record_off_air(room.stream.key)
    events.deliver_due()
    room.refresh_from_db()
    assert (room.state, room.video_state) == ("INTERRUPTED", "away")
    reports.record_on_air(room.stream.key)
    events.deliver_due()
    room.refresh_from_db()
    assert (room.state, room.video_state) == ("LIVE", "live")
    reports.record_off_air(room.stream.key)
    events.deliver_due()
    with clock.travel(timedelta(minutes=11)):
        deadlines.fire_due()
    room.refresh_from_db()
    assert (room.state, room.video_state, room.pinned) == ("ENDED", "ended", None)


def test_a_stale_announcement_does_not_turn_the_room_back() -> None:
    room = make.live_room()
    reports.record_on_air(room.stream.key)
    reports.record_off_air(room.stream.key)
    actions.video_changed(stream_key=room.stream.key)
    before = types_of(room)
    events.deliver_due()
    assert types_of(room) == before
    room.refresh_from_db()
    assert room.state == "INTERRUPTED"


def test_the_watch_finds_rooms_that_fell_out_of_step() -> None:
    room, waiting = make.live_room(), make.live_room()
    room.stream.state = "LIVE"
    room.stream.save()
    watch.watch_streams()
    room.refresh_from_db()
    assert room.video_state == "live"
    with clock.travel(timedelta(minutes=31)):
        watch.watch_streams()
    waiting.refresh_from_db()
    assert waiting.state == "ENDED"


def test_the_end_is_final(client: Client) -> None:
    room = make.live_room(items=1)
    goods = make.listing()
    client.force_login(room.anchor)
    assert client.post(f"/studio/{room.slug}/end/").status_code == 302
    room.refresh_from_db()
    assert room.state == "ENDED"
    assert actions.end_room(room=room, actor=acting(room.anchor, "anchor")).state == "ENDED"
    with pytest.raises(Conflict):
        actions.start_show(room=room, actor=room.anchor)
    with pytest.raises(Conflict):
        actions.add_item(room=room, listing=goods, actor=room.anchor)
    with pytest.raises(Conflict):
        actions.post_chat(room=room, user=room.anchor, text="still there?")
    assert client.get(f"/rooms/{room.slug}/replay/").status_code == 200
    assert client.get(f"/rooms/{room.slug}/").status_code == 200


def test_a_draft_can_be_thrown_away_and_a_show_cannot(client: Client) -> None:
    person = make.user()
    client.force_login(person)
    draft = actions.create_room(anchor=person)
    assert client.post(f"/studio/{draft.slug}/discard/")["Location"] == "/studio/"
    room = make.live_room(person)
    assert client.post(f"/studio/{room.slug}/discard/", **JSON).status_code == 409


def test_stock_shows_the_newest_number_and_sold_out_comes_and_goes() -> None:
    room = make.live_room(items=1)
    item = make.first_item(room)
    actions.pin(room=room, placement_id=item.placement_id, actor=room.anchor)
    seen = []
    for on_hand in (3, 0, 5):
        actions.stock_changed(offer_id=make.set_stock(item, on_hand))
        state = snapshot(room.pk)["items"][0]
        seen.append((state["variants"][0]["left"], state["state"]))
    assert seen == [(3, "PINNED"), (0, "SOLD_OUT"), (5, "PINNED")]
    before = types_of(room)
    actions.stock_changed(offer_id=make.set_stock(item, 5))
    assert types_of(room) == before


def test_a_sold_out_item_cannot_be_pinned() -> None:
    room = make.live_room()
    item = actions.add_item(room=room, listing=make.listing(on_hand=0), actor=room.anchor)
    assert item.state == "SOLD_OUT"
    with pytest.raises(Conflict) as refused:
        actions.pin(room=room, placement_id=item.placement_id, actor=room.anchor)
    assert refused.value.code == "sold_out"
    with pytest.raises(NotFound):
        actions.pin(room=room, placement_id=item.placement_id + 999, actor=room.anchor)


def test_a_listing_off_sale_leaves_the_room() -> None:
    room = make.live_room(items=1)
    item = make.first_item(room)
    actions.pin(room=room, placement_id=item.placement_id, actor=room.anchor)
    actions.item_withdrawn(listing_id=item.placement.listing_id)
    state = snapshot(room.pk)
    assert (state["items"], state["pinned"]) == ([], None)


def test_a_sale_is_told_to_the_room_with_a_masked_name() -> None:
    room = make.live_room(items=1)
    item = make.first_item(room)
    line = {"placement_id": item.placement_id, "title": "Silk", "quantity": 2}
    person = make.user(display_name="Han Meimei")
    actions.order_paid(order="A1", buyer_id=person.pk, lines=[line])
    event = RoomEvent.objects.filter(room=room).last()
    assert (event.type, event.payload) == (
        "ticker",
        {"name": "H***i", "title": "Silk", "qty": 2},
    )


def test_the_api_runs_a_whole_show(client: Client) -> None:
    person = make.user()
    client.force_login(person)
    kind = "application/json"
    slug = client.post("/api/v1/rooms", {"title": "By API"}, kind).json()["slug"]
    goods = make.listing()
    item = client.post(f"/api/v1/rooms/{slug}/items", {"listing": goods.pk}, kind)
    assert item.status_code == 201
    placement = item.json()["placement"]
    grant = client.post(f"/api/v1/rooms/{slug}/go-live").json()
    assert grant["state"] == "LIVE"
    assert grant["token"]
    assert (
        client.put(f"/api/v1/rooms/{slug}/pin", {"placement": placement}, kind).status_code == 204
    )
    order = {"order": [placement]}
    assert client.put(f"/api/v1/rooms/{slug}/items/order", order, kind).status_code == 204
    assert client.post(f"/api/v1/rooms/{slug}/chat", {"text": "hi"}, kind).status_code == 200
    client.logout()
    assert [r["slug"] for r in client.get("/api/v1/rooms").json()["results"]] == [slug]
    state = client.get(f"/api/v1/rooms/{slug}/snapshot").json()
    assert state["pinned"] == placement
    assert state["chat"][0]["text"] == "hi"
    assert client.get(f"/api/v1/rooms/{slug}/playback").json()["sources"]
    assert client.post(f"/api/v1/rooms/{slug}/likes", {"n": 3}, kind).status_code == 204
    assert client.get(f"/api/v1/rooms/{slug}/snapshot").json()["counts"]["likes"] == 3
    assert client.post(f"/api/v1/rooms/{slug}/chat", {"text": "hi"}, kind).status_code == 401
    client.force_login(person)
    assert client.post(f"/api/v1/rooms/{slug}/end").json()["state"] == "ENDED"
    assert client.delete(f"/api/v1/rooms/{slug}/items/{placement}").status_code == 204


def test_broken_input_is_refused_and_never_breaks(client: Client) -> None:
    room = make.live_room(items=1)
    client.force_login(room.anchor)
    kind = "application/json"
    api = f"/api/v1/rooms/{room.slug}"
    codes = {
        client.get("/api/v1/rooms/a%00b/snapshot").status_code,
        client.get("/api/v1/rooms/a%00b/playback").status_code,
        client.delete(f"{api}/items/99999999999999999999").status_code,
        client.delete(f"{api}/items/0").status_code,
        client.put(f"{api}/pin", {"placement": 10**30}, kind).status_code,
        client.put(f"{api}/items/order", {"order": [10**30]}, kind).status_code,
        client.post(f"{api}/items", {"listing": 10**30}, kind).status_code,
        client.post("/api/v1/rooms", {"title": "x" * 81}, kind).status_code,
        client.post("/api/v1/rooms", {"title": "a\x00b"}, kind).status_code,
        client.get("/api/v1/rooms?cursor=-1").status_code,
        client.get("/api/v1/rooms?page_size=1000").status_code,
        client.post(f"/studio/{room.slug}/pin/", {"placement": "9" * 30}, kind, **JSON).status_code,
    }
    assert codes <= {404, 422}
    title = client.post("/api/v1/rooms", {"title": "ab\u202e c"}, kind).json()["title"]
    assert title == "ab c"
    assert client.get("/?q=%00").status_code == 200
    assert client.get(f"/studio/{room.slug}/selection/?q=%00%00", **JSON).status_code == 200
