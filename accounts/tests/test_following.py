"""Following an anchor."""

from __future__ import annotations

import pytest

from accounts.models import Follow, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> tuple[User, User]:
    ann = User.objects.create_user("ann", "ann@example.com", "x")
    lin = User.objects.create_user("lin.yao", "lin@example.com", "x")
    return ann, lin


def test_following_twice_is_following_once_and_stopping_ends_it(client, people):
    ann, lin = people
    client.force_login(ann)
    for _turn in range(2):
        answer = client.post(
            "/me/follow/lin.yao/", {"on": "1"}, headers={"accept": "application/json"}
        )
        assert answer.status_code == 204
    assert list(Follow.objects.values_list("follower", "anchor")) == [(ann.pk, lin.pk)]
    client.post("/me/follow/lin.yao/", {"on": "0"}, headers={"accept": "application/json"})
    assert not Follow.objects.exists()


def test_without_script_the_form_leads_back_to_the_room(client, people):
    client.force_login(people[0])
    answer = client.post("/me/follow/lin.yao/", {"on": "1", "next": "/rooms/x/"})
    assert (answer.status_code, answer["Location"]) == (302, "/rooms/x/")


def test_nobody_follows_themselves_a_stranger_or_without_signing_in(client, people):
    assert client.post("/me/follow/lin.yao/").status_code == 302
    client.force_login(people[0])
    assert client.post("/me/follow/ann/", headers={"accept": "application/json"}).status_code == 422
    assert (
        client.post("/me/follow/nobody/", headers={"accept": "application/json"}).status_code == 404
    )
    assert not Follow.objects.exists()
