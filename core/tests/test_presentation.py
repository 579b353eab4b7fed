"""What the pages make of states, prices, counters and refusals."""

from __future__ import annotations

import re

import pytest
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.utils import translation

from core.errors import Busy, Conflict
from core.problems import ProblemMiddleware
from core.states import MACHINES
from core.templatetags.design import STATE_LABELS, TONES, lang_tag, money_parts, state_label


def test_every_state_of_every_machine_has_a_name_for_people() -> None:
    states = {
        state
        for machine in MACHINES.values()
        if not machine.name.startswith("test")
        for state in machine.states
    }
    assert states
    assert states - STATE_LABELS.keys() == set()


def test_tones_are_given_to_states_that_exist() -> None:
    assert TONES.keys() - STATE_LABELS.keys() == set()


def test_an_unknown_state_is_spelled_out() -> None:
    assert state_label("HALF_WAY_THERE") == "Half way there"


@pytest.mark.parametrize(
    ("minor", "currency", "language", "parts"),
    [
        (129_900, "CNY", "zh-hans", ("¥", "1,299", ".00", True)),
        (129_905, "CNY", "en", ("¥", "1,299", ".05", True)),
        (1_234_567, "JPY", "en", ("¥", "1,234,567", "", True)),
        (4_999, "EUR", "de", ("\xa0€", "49", ",99", False)),
        (-100, "USD", "en", ("-$", "1", ".00", True)),
    ],
)
def test_a_price_comes_apart_into_sign_whole_and_cents(
    minor: int, currency: str, language: str, parts: tuple[str, str, str, bool]
) -> None:
    with translation.override(language):
        got = money_parts(minor, currency)
    assert (got["sign"], got["whole"], got["cents"], got["sign_first"]) == parts


def test_no_price_is_a_dash() -> None:
    assert money_parts(None)["whole"] == "–"


@pytest.mark.parametrize(("language", "text"), [("en", "12.8K"), ("zh-hans", "1.3万")])
def test_a_long_number_is_shortened_the_readers_way(language: str, text: str) -> None:
    with translation.override(language):
        assert Template("{{ 12840|compact }}").render(Context()) == text


def test_language_codes_are_written_as_browsers_know_them() -> None:
    assert (lang_tag("zh-hans"), lang_tag("en")) == ("zh-Hans", "en")


def refuse(error: Exception, **headers: str) -> object:
    request = RequestFactory().get("/somewhere/", headers=headers)
    request.htmx = headers.get("HX-Request") == "true"  # type: ignore[attr-defined]
    request.csp_nonce = "n"  # type: ignore[attr-defined]
    return ProblemMiddleware(lambda request: None).process_exception(request, error)  # type: ignore[arg-type,return-value]


def test_a_refusal_is_a_page_for_people(db: None) -> None:
    answer = refuse(Conflict("Read it again."), Accept="text/html")
    assert answer.status_code == 409  # type: ignore[attr-defined]
    page = answer.content.decode()  # type: ignore[attr-defined]
    assert "<html" in page
    assert "Read it again." in page


def test_a_refusal_of_a_fragment_lands_among_the_toasts(db: None) -> None:
    headers = {"Accept": "text/html", "HX-Request": "true"}
    answer = refuse(Busy("Come back.", retry_after=3), **headers)
    assert answer["HX-Retarget"] == "#toasts"  # type: ignore[index]
    page = answer.content.decode()  # type: ignore[attr-defined]
    assert "<html" not in page
    assert "Try again in 3 seconds." in page


def test_a_refusal_is_a_problem_document_for_programs() -> None:
    answer = refuse(Conflict("Read it again."), Accept="application/json")
    assert answer["Content-Type"] == "application/problem+json"  # type: ignore[index]


@pytest.mark.parametrize("path", ["/accounts/login/", "/nowhere/at/all/"])
def test_pages_keep_the_content_policy(client: Client, db: None, path: str) -> None:
    answer = client.get(path)
    page = answer.content.decode()
    nonce = re.search(r"'nonce-([^']+)'", answer["Content-Security-Policy"])
    assert nonce
    for script in re.findall(r"<script\b[^>]*>", page):
        assert f'nonce="{nonce[1]}"' in script or 'type="application/json"' in script
    assert not re.search(r"\s(style|on[a-z]+)=", page)
    assert "unsafe" not in answer["Content-Security-Policy"]


def test_only_the_admin_has_the_exception(client: Client, db: None) -> None:
    assert "unsafe-eval" in client.get("/admin/login/")["Content-Security-Policy"]
    assert "unsafe" not in client.get("/administrator/")["Content-Security-Policy"]
