"""A person's own pages: what they may do with their own things, and nothing with another's."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client

from accounts import actions
from accounts.models import Address, ApiToken, User
from accounts.tests.conftest import ADDRESS

PRIVATE = [
    "/me/",
    "/me/addresses/",
    "/me/addresses/add/",
    "/me/addresses/1/",
    "/me/tokens/",
    "/accounts/email/",
    "/accounts/password/change/",
]


@pytest.mark.parametrize("path", PRIVATE)
def test_a_guest_is_asked_to_sign_in_and_comes_back(client: Client, db: None, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer["Location"] == f"/accounts/login/?next={path}"


@pytest.mark.parametrize("path", [p for p in PRIVATE if "/1/" not in p])
def test_the_pages_of_a_signed_in_person_open(browser: Client, path: str) -> None:
    assert browser.get(path).status_code == 200


@pytest.mark.parametrize(
    "path", ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]
)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_doors_open_in_both_languages(
    client: Client, db: None, path: str, language: str
) -> None:
    answer = client.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200
    assert f'lang="{language[:2]}' in answer.content.decode()


def test_a_newcomer_signs_up_with_three_fields_and_returns_to_the_room(
    client: Client, db: None
) -> None:
    answer = client.post(
        "/accounts/signup/?next=/rooms/tea/",
        {
            "username": "ada",
            "email": "ada@example.org",
            "password1": "a long pass phrase",
            "next": "/rooms/tea/",
        },
        headers={"Accept-Language": "zh-hans"},
    )
    assert (answer.status_code, answer["Location"]) == (302, "/rooms/tea/")
    assert User.objects.get(username="ada").language == "zh-hans"


def test_signing_in_returns_to_the_room_and_never_to_another_site(
    client: Client, mei: User
) -> None:
    form = {"login": "mei@example.org", "password": "a long pass phrase"}
    answer = client.post("/accounts/login/", {**form, "next": "/rooms/tea/"})
    assert answer["Location"] == "/rooms/tea/"
    client.logout()
    answer = client.post("/accounts/login/", {**form, "next": "https://evil.example/"})
    assert answer["Location"] == "/"


def test_a_persons_language_comes_along_when_they_sign_in(client: Client, mei: User) -> None:
    User.objects.filter(pk=mei.pk).update(language="zh-hans")
    client.post("/accounts/login/", {"login": "mei", "password": "a long pass phrase"})
    assert client.cookies["django_language"].value == "zh-hans"


def test_switching_the_language_is_kept_for_browser_and_person(browser: Client, mei: User) -> None:
    answer = browser.post("/me/language/", {"language": "zh-hans", "next": "/me/"})
    assert (answer.status_code, answer["Location"]) == (302, "/me/")
    assert '<html lang="zh-Hans"' in browser.get("/me/").content.decode()
    mei.refresh_from_db()
    assert mei.language == "zh-hans"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_switching_the_language_never_leads_off_the_site(
    client: Client, db: None, target: str
) -> None:
    answer = client.post("/me/language/", {"language": "en", "next": target})
    assert answer["Location"] == "/"


def test_an_unknown_language_changes_nothing(client: Client, db: None) -> None:
    client.post("/me/language/", {"language": "xx"})
    assert "django_language" not in client.cookies


def test_a_forgotten_password_is_reset_by_mail(client: Client, mei: User) -> None:
    client.post("/accounts/password/reset/", {"email": "mei@example.org"})
    link = next(word for word in mail.outbox[0].body.split() if "/password/reset/key/" in word)
    path = client.get(link[link.index("/accounts/") :])["Location"]
    assert client.get(path).status_code == 200
    client.post(path, {"password1": "quite a new phrase", "password2": "quite a new phrase"})
    mei.refresh_from_db()
    assert mei.check_password("quite a new phrase")


def test_signing_out_needs_a_post(browser: Client) -> None:
    assert browser.get("/accounts/logout/").status_code == 200
    assert browser.get("/me/").status_code == 200
    browser.post("/accounts/logout/")
    assert browser.get("/me/").status_code == 302


def test_a_display_name_is_saved_without_stray_blanks(browser: Client, mei: User) -> None:
    browser.post("/me/", {"display_name": "  Mei   Lin "})
    mei.refresh_from_db()
    assert mei.name == "Mei Lin"


def test_a_display_name_is_shown_as_text(browser: Client, mei: User) -> None:
    browser.post("/me/", {"display_name": "<script>alert(1)</script>"})
    assert b"<script>alert(1)" not in browser.get("/me/").content


def test_the_first_address_becomes_the_default(browser: Client, mei: User) -> None:
    browser.post("/me/addresses/add/", ADDRESS)
    assert Address.objects.get(user=mei).is_default


def test_adding_an_address_leads_back_to_where_one_was_buying(browser: Client) -> None:
    answer = browser.post("/me/addresses/add/", {**ADDRESS, "next": "/rooms/tea/"})
    assert answer["Location"] == "/rooms/tea/"


def test_a_wrong_address_is_shown_again_with_its_errors(browser: Client) -> None:
    answer = browser.post("/me/addresses/add/", {**ADDRESS, "phone": "x", "city": ""})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Enter a phone number." in page
    assert 'aria-describedby="id_phone_error"' in page
    assert not Address.objects.exists()


def test_a_new_default_takes_over_from_the_old_one(
    browser: Client, mei: User, own: Address
) -> None:
    browser.post("/me/addresses/add/", {**ADDRESS, "recipient": "Office", "is_default": "on"})
    default = Address.objects.get(user=mei, is_default=True)
    assert default.recipient == "Office"
    browser.post(f"/me/addresses/{own.pk}/default/")
    assert Address.objects.get(user=mei, is_default=True) == own


def test_there_is_always_a_default_while_there_are_addresses(
    browser: Client, mei: User, own: Address
) -> None:
    browser.post("/me/addresses/add/", {**ADDRESS, "recipient": "Office"})
    browser.post(f"/me/addresses/{own.pk}/", {**ADDRESS, "recipient": "Home"})
    assert Address.objects.get(user=mei, is_default=True).recipient == "Home"
    browser.post(f"/me/addresses/{own.pk}/delete/")
    assert Address.objects.get(user=mei).is_default


def test_an_address_book_has_an_end(browser: Client, mei: User, own: Address) -> None:
    Address.objects.bulk_create(
        Address(user=mei, **ADDRESS) for _ in range(actions.MAX_ADDRESSES - 1)
    )
    assert browser.post("/me/addresses/add/", ADDRESS).status_code == 409
    assert Address.objects.filter(user=mei).count() == actions.MAX_ADDRESSES


@pytest.mark.parametrize("what", ["", "default/", "delete/"])
def test_anothers_address_is_not_there(browser: Client, foreign: Address, what: str) -> None:
    path = f"/me/addresses/{foreign.pk}/{what}"
    assert browser.post(path, {**ADDRESS, "recipient": "Thief"}).status_code == 404
    foreign.refresh_from_db()
    assert foreign.recipient == "Mei Lin"


def test_anothers_addresses_are_not_listed(browser: Client, foreign: Address) -> None:
    assert foreign.street not in browser.get("/me/addresses/").content.decode()


def test_a_token_is_shown_once_and_then_works(browser: Client, mei: User) -> None:
    page = browser.post("/me/tokens/", {"name": "warehouse"})
    secret = page.context["secret"]
    assert secret in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert secret not in browser.get("/me/tokens/").content.decode()
    answer = Client().get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
    assert answer.json()["username"] == "mei"
    assert not ApiToken.objects.filter(digest=secret).exists()


def test_a_revoked_token_is_dead(browser: Client, mei: User) -> None:
    token, secret = actions.issue_token(user=mei, name="old")
    browser.post(f"/me/tokens/{token.pk}/revoke/")
    answer = Client().get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 401


def test_anothers_token_cannot_be_revoked(browser: Client, jo: User) -> None:
    token, _secret = actions.issue_token(user=jo, name="theirs")
    assert browser.post(f"/me/tokens/{token.pk}/revoke/").status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_a_form_without_its_csrf_token_is_refused_with_a_page(mei: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(mei)
    answer = client.post("/me/addresses/add/", ADDRESS)
    assert answer.status_code == 403
    assert b"out of date" in answer.content
    assert not Address.objects.exists()
