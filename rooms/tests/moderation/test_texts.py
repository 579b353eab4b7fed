"""Words, links and floods, through the disguises people use."""

from __future__ import annotations

import pytest

from rooms.moderation.floods import Floods
from rooms.moderation.links import has_link
from rooms.moderation.words import WordList

LISTED = ["scam", "ass", "fake", "加微信", "刷单", "god", "мошенник"]

CAUGHT = [
    ("this is a scam", "scam"),
    ("SCAM!", "scam"),
    ("sсаm", "scam"),  # Cyrillic с and а
    ("ѕсαm", "scam"),  # Cyrillic, Greek
    ("ｓｃａｍ", "scam"),  # full width
    ("𝓼𝓬𝓪𝓶", "scam"),  # mathematical
    ("s\u200bc\u200da\u2060m", "scam"),  # zero width
    ("s c a m", "scam"),
    ("what a s. c. a. m. sale", "scam"),
    ("s.c.a.m", "scam"),
    ("s-c-a-m", "scam"),
    ("sc*am", "scam"),
    ("sc4m", "scam"),
    ("$c@m", "scam"),
    ("5c4m", "scam"),
    ("scaaaaam", "scam"),
    ("sçàm", "scam"),
    ("f4k3", "fake"),
    ("FAKE,really", "fake"),
    ("a$$", "ass"),
    ("asss", "ass"),
    ("加微信", "加微信"),
    ("请 加 微 信 我", "加微信"),
    ("加·微·信", "加微信"),
    ("快加微信哦", "加微信"),
    ("刷.单", "刷单"),
    ("你是мошенник吗", "мошенник"),
    ("МОШЕННИК", "мошенник"),
]

CLEAN = [
    "scampi for dinner",
    "class glass assess pass",
    "as soon as possible",
    "a first-class seat",
    "good morning",
    "fakir",
    "455 pieces left",
    "100 or 1000",
    "微信支付可以吗",
    "加油微博",
    "单刷",
    "Scunthorpe assistant",
]


@pytest.mark.parametrize(("text", "word"), CAUGHT)
def test_disguised_words_are_found(text, word) -> None:
    assert WordList(LISTED).find(text) == word


@pytest.mark.parametrize("text", CLEAN)
def test_longer_words_and_numbers_are_left_alone(text) -> None:
    assert WordList(LISTED).find(text) is None


def test_an_empty_list_finds_nothing() -> None:
    assert WordList([]).find("anything") is None
    assert WordList(["", "  ", "!!"]).find("!! anything") is None


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example/x",
        "http : // evil.example",
        "come to www.cheaper-shop.net now",
        "cheaper.com",
        "CHEAPER.COM",
        "cheaper。com",
        "cheaper．com",
        "cheaper dot com",
        "cheaper (dot) com",
        "cheaper[.]com",
        "cheaper . com",
        "cheaper点com",
        "сheaper.сom",  # Cyrillic с
        "cheaper.c\u200bom",
        "t.me/cheaper",
        "10.0.0.1:8080",
        "a.b.cheaper.shop/item",
        "第1.com的",
    ],
)
def test_addresses_are_found(text) -> None:
    assert has_link(text)


@pytest.mark.parametrize(
    "text",
    [
        "it is 3.50 or 4.00",
        "I like it. me too",
        "great.come back soon",
        "size 1.2.3",
        "wait... what",
        "ok.so then",
        "e.g. this one",
        "polka dot dress",
        "the dot communicates",
    ],
)
def test_sentences_are_no_addresses(text) -> None:
    assert not has_link(text)


def test_one_person_repeating_is_told_when_they_may_again() -> None:
    floods = Floods()
    floods.note(1, "Buy my scarf, it is cheap", 100.0)
    assert floods.repeats(1, "Buy my scarf, it is cheap", 110.0) == pytest.approx(50.0)
    assert floods.repeats(1, "buy my SCARF it is cheap!!", 110.0)
    assert floods.repeats(1, "Buy my scarf, it is cheap 7", 110.0)
    assert not floods.repeats(1, "What colours does it have?", 110.0)
    assert not floods.repeats(2, "Buy my scarf, it is cheap", 110.0)
    assert not floods.repeats(1, "Buy my scarf, it is cheap", 161.0)


def test_short_exclamations_may_be_repeated() -> None:
    floods = Floods()
    floods.note(1, "666", 100.0)
    assert not floods.repeats(1, "666", 100.5)


def test_the_same_sentence_from_many_accounts_is_a_flood() -> None:
    floods = Floods()
    for account in range(5):
        assert not floods.floods(account, "the other shop is cheaper", 100.0 + account)
        floods.note(account, "the other shop is cheaper", 100.0 + account)
    assert floods.floods(9, "The other shop is CHEAPER", 105.0)
    assert not floods.floods(9, "The other shop is CHEAPER", 130.0)
    assert not floods.floods(9, "hooray", 105.0)
