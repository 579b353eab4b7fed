"""Logins of the demo, anchors, an agency with its contracts, and buyers with addresses."""

from __future__ import annotations

import random
from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.models import Address, Agency, AgencyContract, Follow, User
from core import clock
from core.errors import Conflict
from demo.models import SeedStage
from demo.stock.people import AGENCY, ANCHORS, BUYERS, DEMO_NAMES, ROLES

BUYERS_PASSWORD = "demo-buyer"  # noqa: S105 - known by design
STREETS = ["Maple Road", "人民路", "Garden Street", "建设大街", "Harbour Lane", "解放路"]
VIEWER_CITY = "Shanghai"


@transaction.atomic
def seed_people() -> None:
    """Everybody, in one transaction. Raises Conflict when a stranger has one of the names."""
    names = {*ROLES, *(anchor.username for anchor in ANCHORS), *(buyer[0] for buyer in BUYERS)}
    taken = User.objects.filter(username__in=names).values_list("username", flat=True)
    if taken:
        raise Conflict(
            f"The user names {', '.join(sorted(taken))} are taken; seed the demo into an empty "
            "database (set LIVESHOP_DATA to a new folder)."
        )
    people = {role: _person(role, DEMO_NAMES[role], f"demo-{role}") for role in ROLES}
    people["admin"].is_staff = people["admin"].is_superuser = True
    anchors_password = make_password("demo-anchor")
    for anchor in ANCHORS:
        person = people.get(anchor.username)
        if person is None:
            person = people[anchor.username] = _person(anchor.username, anchor.name, "")
            person.password = anchors_password
        person.language = anchor.language
    buyers_password = make_password(BUYERS_PASSWORD)
    for username, name, _city in BUYERS:
        people[username] = _person(username, name, "")
        people[username].password = buyers_password
    User.objects.bulk_create(people.values())
    _addresses()
    _agency()
    _follows()


def _person(username: str, name: str, password: str) -> User:
    return User(
        username=username,
        display_name=name,
        email=f"{username}@demo.liveshop.example",
        password=make_password(password) if password else "",
        date_joined=clock.now() - timedelta(days=75),
    )


def _addresses() -> None:
    source = random.Random("addresses")
    places = [("viewer", DEMO_NAMES["viewer"], VIEWER_CITY), *BUYERS]
    people = {user.username: user for user in User.objects.all()}
    Address.objects.bulk_create(
        Address(
            user=people[username],
            recipient=name,
            phone=f"+86 138 {source.randrange(1000, 9999)} {source.randrange(1000, 9999)}",
            country="CN",
            region=city,
            city=city,
            street=f"{source.choice(STREETS)} {source.randrange(1, 240)}",
            postal_code=str(source.randrange(100000, 800000)),
            is_default=True,
        )
        for username, name, city in places
    )


def _agency() -> None:
    agency = Agency.objects.create(name=AGENCY)
    agency.members.add(User.objects.get(username="agency"))
    people = {user.username: user for user in User.objects.all()}
    AgencyContract.objects.bulk_create(
        AgencyContract(
            agency=agency,
            anchor=people[anchor.username],
            share_bps=anchor.agency_bps,
            signed_at=clock.now() - timedelta(days=70),
        )
        for anchor in ANCHORS
        if anchor.agency_bps is not None
    )


def _follows() -> None:
    source = random.Random("follows")
    people = {user.username: user for user in User.objects.all()}
    followers = [people["viewer"], *(people[buyer[0]] for buyer in BUYERS)]
    Follow.objects.bulk_create(
        Follow(follower=follower, anchor=people[anchor.username])
        for anchor in ANCHORS
        for follower in followers
        if source.random() < 0.45
    )


def is_seeded() -> bool:
    """Whether the people are there."""
    return SeedStage.objects.filter(name="people", done_at__isnull=False).exists()
