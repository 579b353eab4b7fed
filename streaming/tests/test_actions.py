"""Streams as Django sees them: rights, states, announcements, markers."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from core import clock
from core.errors import Conflict, Invalid, NotFound
from core.models import OutboxEvent, StateChange
from streaming import actions, reports
from streaming.backends import backend
from streaming.models import PublishSession, Stream
from streaming.tests.stage import Stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return User.objects.create_user("anchor", "anchor@example.com", "secret")


@pytest.fixture
def stream(owner: User) -> Stream:
    return actions.create_stream(owner=owner)


def topics() -> list[str]:
    return [t.split(".")[1] for t in OutboxEvent.objects.values_list("topic", flat=True)]


def test_a_new_stream_waits_under_a_key_that_nobody_can_guess(owner: User) -> None:
    one, two = (actions.create_stream(owner=owner) for _ in range(2))

    assert one.key != two.key
    assert len(one.key) == 20
    assert actions.status(one) == "waiting"
    assert StateChange.objects.filter(machine="streaming.stream", object_id=one.pk).count() == 1


def test_each_grant_is_newer_than_the_last(stream: Stream, owner: User) -> None:
    first = actions.grant_publish(stream=stream, user=owner)
    second = actions.grant_publish(stream=stream, user=owner)

    assert (first.epoch, second.epoch) == (1, 2)
    assert first.session != second.session
    assert first.ingest_url == f"/ingest/{stream.key}/{first.session}/"
    assert (
        backend()
        .authorize(
            action="publish", stream_key=stream.key, session=first.session, token=first.token
        )
        .allowed
    )
    assert (
        backend()
        .authorize(
            action="publish", stream_key=stream.key, session=second.session, token=first.token
        )
        .code
        == "bad_token"
    )


def test_nobody_but_the_owner_is_granted_anything(stream: Stream) -> None:
    admin = User.objects.create_superuser("root", "root@example.com", "secret")

    with pytest.raises(NotFound):
        actions.grant_publish(stream=stream, user=admin)


def test_life_of_a_stream_is_announced_move_by_move(stream: Stream) -> None:
    reports.record_on_air(stream.key)
    reports.record_on_air(stream.key)
    reports.record_off_air(stream.key)
    reports.record_off_air(stream.key)
    reports.record_on_air(stream.key)
    stream.refresh_from_db()
    assert actions.status(stream) == "live"
    actions.end_stream(stream=stream)
    actions.end_stream(stream=stream)
    reports.record_on_air(stream.key)

    assert topics() == ["stream_started", "stream_interrupted", "stream_resumed", "stream_ended"]
    assert OutboxEvent.objects.first().payload == {"stream_key": stream.key}
    assert actions.status(stream) == "ended"
    assert stream.started_at is not None
    assert stream.ended_at is not None


def test_the_end_withdraws_every_token_and_grants_no_more(stream: Stream, owner: User) -> None:
    grant = actions.grant_publish(stream=stream, user=owner)
    actions.end_stream(stream=stream)

    assert stream.revoked_epoch >= grant.epoch
    with pytest.raises(Conflict) as refusal:
        actions.grant_publish(stream=stream, user=owner)
    assert refusal.value.code == "ended"


def test_withdrawing_leaves_room_for_a_newer_grant(stream: Stream, owner: User) -> None:
    old = actions.grant_publish(stream=stream, user=owner)
    actions.revoke_publishers(stream=stream)
    new = actions.grant_publish(stream=stream, user=owner)

    assert old.epoch <= stream.revoked_epoch < new.epoch


def test_there_is_a_replay_only_of_an_ended_stream_that_was_on_air(
    stream: Stream, owner: User
) -> None:
    assert actions.replay(stream=stream) is None
    reports.record_on_air(stream.key)
    stream.refresh_from_db()
    assert actions.replay(stream=stream) is None
    actions.end_stream(stream=stream)

    found = actions.replay(stream=stream)
    assert found is not None
    assert found.kind == "hls"
    assert found.url.endswith(f"/{stream.key}/replay.m3u8")
    silent = actions.create_stream(owner=owner)
    actions.end_stream(stream=silent)
    assert actions.replay(stream=silent) is None


def test_a_show_that_ended_before_its_start_was_written_still_has_a_replay(
    stream: Stream,
) -> None:
    actions.end_stream(stream=stream)
    reports.record_on_air(stream.key)
    stream.refresh_from_db()

    assert stream.state == "ENDED"
    assert topics() == ["stream_ended"]
    assert actions.replay(stream=stream) is not None


def test_addresses_of_one_hour_are_the_same_for_all_and_hold_for_a_show(stream: Stream) -> None:
    low, plain = actions.playback(stream=stream)

    assert (low.kind, plain.kind) == ("llhls", "hls")
    assert low.url.endswith("/ll.m3u8")
    assert low.expires_at is not None
    assert low.expires_at >= clock.now() + timedelta(hours=12)
    assert low.expires_at.minute == low.expires_at.second == 0
    token = low.url.split("/")[2]
    assert (
        backend().authorize(action="play", stream_key=stream.key, session="", token=token).allowed
    )


def test_a_marker_remembers_the_moment_by_the_clock_of_the_house(stream: Stream) -> None:
    marker = actions.add_marker(
        stream=stream, kind="pin", label="x" * 500, ref="placement:5", payload={"a": 1}
    )

    assert abs(marker.at - clock.now()) < timedelta(seconds=5)
    assert len(marker.label) == 160
    with pytest.raises(Invalid):
        actions.add_marker(stream=stream, kind="pin", label="", ref="", payload={"a": "x" * 3000})


def test_a_stream_whose_origin_died_is_interrupted_by_the_sweeper(stream: Stream) -> None:
    reports.record_on_air(stream.key)
    assert reports.interrupt_silent() == 0

    with clock.travel(timedelta(seconds=10)):
        reports.record_alive({stream.key: 10_000})
    with clock.travel(timedelta(seconds=20)):
        assert reports.interrupt_silent() == 0
    with clock.travel(timedelta(seconds=30)):
        assert reports.interrupt_silent() == 1

    stream.refresh_from_db()
    assert (stream.state, stream.recorded_ms) == ("AWAY", 10_000)


def test_a_session_ends_when_another_takes_over(stream: Stream, owner: User) -> None:
    one, two = (actions.grant_publish(stream=stream, user=owner) for _ in range(2))
    reports.record_session_started(stream.key, one.session)
    reports.record_session_started(stream.key, two.session)

    first, second = PublishSession.objects.filter(stream=stream)
    assert first.started_at is not None
    assert first.ended_at is not None
    assert second.ended_at is None
    reports.record_session_ended(stream.key, two.session)
    second.refresh_from_db()
    assert second.ended_at is not None


def test_the_api_grants_a_session_to_the_owner_alone(stream: Stream, owner: User) -> None:
    browser, stranger, admin = Client(), Client(), Client()
    browser.force_login(owner)
    stranger.force_login(User.objects.create_user("other", "other@example.com", "secret"))
    admin.force_login(User.objects.create_superuser("root", "root@example.com", "secret"))
    address = f"/api/v1/streams/{stream.key}/sessions"

    granted = browser.post(address)
    answer = granted.json()

    assert granted.status_code == 201, answer
    assert answer["ingest_url"].startswith(f"/ingest/{stream.key}/")
    assert answer["limits"]["part_max_bytes"] == 2 * 1024 * 1024
    assert abs(answer["server_time_ms"] / 1000 - clock.now().timestamp()) < 5
    assert stranger.post(address).status_code == 404
    assert admin.post(address).status_code == 404
    assert browser.post("/api/v1/streams/unknown/sessions").status_code == 404
    assert Client().post(address).status_code == 401
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(owner)
    assert strict.post(address).status_code == 403


def test_an_ended_stream_is_a_conflict_in_the_api(stream: Stream, owner: User) -> None:
    browser = Client()
    browser.force_login(owner)
    actions.end_stream(stream=stream)

    answer = browser.post(f"/api/v1/streams/{stream.key}/sessions")

    assert (answer.status_code, answer.json()["code"]) == (409, "ended")


def test_administrators_look_cut_off_and_end(stream: Stream, owner: User) -> None:
    admin = Client()
    admin.force_login(User.objects.create_superuser("root", "root@example.com", "secret"))
    actions.grant_publish(stream=stream, user=owner)
    actions.add_marker(stream=stream, kind="pin", label="A", ref="")
    address = "/admin/streaming/stream/"

    assert stream.key in admin.get(address).content.decode()
    assert admin.get(f"{address}{stream.pk}/change/").status_code == 200
    admin.post(address, {"action": "cut_off", "_selected_action": [stream.pk]})
    stream.refresh_from_db()
    assert stream.revoked_epoch == 1
    admin.post(address, {"action": "end", "_selected_action": [stream.pk]})
    stream.refresh_from_db()
    assert stream.state == "ENDED"
    assert admin.get(f"{address}add/").status_code == 403


async def test_tokens_of_django_are_those_the_origin_checks(stage: Stage) -> None:
    expires = int(clock.now().timestamp()) + 60
    token = stage.signer.play_token(stream="abc", expires=expires)

    assert token.split("-", 1)[0] == f"{expires:x}"
    assert len(base64.urlsafe_b64decode(token.split("-", 1)[1])) == 18


def test_no_query_is_left_in_the_pool_for_notices(stream: Stream) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_listening_channels()")
        assert cursor.fetchall() == []
