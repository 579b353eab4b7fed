"""The same things over HTTP: own, another's, and nobody's."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from accounts import actions
from accounts.models import Address, ApiToken, User
from accounts.tests.conftest import ADDRESS


@pytest.fixture
def program(mei: User) -> Client:
    """Calls with a token of mei's."""
    _token, secret = actions.issue_token(user=mei, name="program")
    return Client(headers={"Authorization": f"Bearer {secret}"})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "me"),
        ("get", "addresses"),
        ("post", "addresses"),
        ("get", "addresses/1"),
        ("put", "addresses/1"),
        ("delete", "addresses/1"),
        ("get", "tokens"),
        ("post", "tokens"),
        ("delete", "tokens/1"),
    ],
)
def test_a_caller_without_identity_is_told_to_sign_in(
    client: Client, db: None, method: str, path: str
) -> None:
    answer = getattr(client, method)(f"/api/v1/{path}")
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"


def test_a_made_up_token_is_nobody(client: Client, db: None) -> None:
    answer = client.get("/api/v1/me", headers={"Authorization": "Bearer lsk_wrong"})
    assert answer.status_code == 401


def test_the_token_of_a_person_who_left_is_dead(program: Client, mei: User) -> None:
    User.objects.filter(pk=mei.pk).update(is_active=False)
    assert program.get("/api/v1/me").status_code == 401


def test_an_address_lives_through_its_four_verbs(program: Client) -> None:
    made = program.post("/api/v1/addresses", ADDRESS, content_type="application/json")
    assert made.status_code == 201
    path = f"/api/v1/addresses/{made.json()['id']}"
    assert made.json() == {"id": made.json()["id"], **ADDRESS, "is_default": True}
    changed = program.put(path, {**ADDRESS, "city": "Ningbo"}, content_type="application/json")
    assert changed.json()["city"] == "Ningbo"
    assert changed.json()["is_default"]
    assert [row["city"] for row in program.get("/api/v1/addresses").json()] == ["Ningbo"]
    assert program.delete(path).status_code == 204
    assert program.get(path).status_code == 404


def test_a_wrong_address_names_its_fields(program: Client) -> None:
    body = {**ADDRESS, "phone": "x", "country": "XX"}
    answer = program.post("/api/v1/addresses", body, content_type="application/json")
    assert answer.status_code == 422
    assert {row["field"] for row in answer.json()["fields"]} == {"phone", "country"}


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_anothers_address_is_not_there(program: Client, foreign: Address, method: str) -> None:
    answer = getattr(program, method)(
        f"/api/v1/addresses/{foreign.pk}", ADDRESS, content_type="application/json"
    )
    assert answer.status_code == 404
    assert Address.objects.filter(pk=foreign.pk).exists()


def test_anothers_addresses_are_not_listed(program: Client, foreign: Address) -> None:
    assert program.get("/api/v1/addresses").json() == []


def test_a_browser_issues_a_token_but_a_token_does_not(
    browser: Client, program: Client, mei: User
) -> None:
    refused = program.post("/api/v1/tokens", {"name": "heir"}, content_type="application/json")
    assert refused.status_code == 401
    made = browser.post("/api/v1/tokens", {"name": "shelf"}, content_type="application/json")
    assert made.status_code == 201
    secret = made.json()["secret"]
    listed = program.get("/api/v1/tokens").json()
    assert {row["name"] for row in listed} == {"program", "shelf"}
    assert secret not in str(listed)


def test_the_api_checks_the_csrf_token_of_a_browser(mei: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(mei)
    answer = client.post("/api/v1/tokens", {"name": "x"}, content_type="application/json")
    assert answer.status_code in {401, 403}
    assert not ApiToken.objects.exists()


def test_anothers_token_cannot_be_revoked(program: Client, jo: User) -> None:
    token, _secret = actions.issue_token(user=jo, name="theirs")
    assert program.delete(f"/api/v1/tokens/{token.pk}").status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_a_token_can_end_itself(program: Client, mei: User) -> None:
    token = ApiToken.objects.get(user=mei)
    assert program.delete(f"/api/v1/tokens/{token.pk}").status_code == 204
    assert program.get("/api/v1/me").status_code == 401


def _add_defaults(user: User, number: int) -> list[BaseException | None]:
    """`number` threads save a default address each; the error of each, or None."""

    def add(index: int) -> None:
        fields = {**ADDRESS, "recipient": str(index), "is_default": True}
        try:
            actions.save_address(user=user, fields=fields)
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return [job.exception() for job in [pool.submit(add, index) for index in range(number)]]


def test_two_defaults_at_once_leave_one(transactional_db: None) -> None:
    ada = User.objects.create_user("ada", "ada@example.org", "x")
    assert _add_defaults(ada, 4) == [None] * 4
    assert Address.objects.filter(user=ada).count() == 4
    assert Address.objects.filter(user=ada, is_default=True).count() == 1


def test_without_the_lock_two_defaults_at_once_collide(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: both have read that there is no default before either writes one."""
    ada = User.objects.create_user("ada", "ada@example.org", "x")
    both_have_read = threading.Barrier(2)
    save = Address.save

    def save_together(self: Address) -> None:
        both_have_read.wait(10)
        save(self)

    monkeypatch.setattr(actions, "_lock", lambda user: None)
    monkeypatch.setattr(Address, "save", save_together)
    errors = _add_defaults(ada, 2)
    assert sorted(type(error).__name__ for error in errors) == ["IntegrityError", "NoneType"]
