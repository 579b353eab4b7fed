from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Address, User

ADDRESS = {
    "recipient": "Mei Lin",
    "phone": "+86 138 0000 0000",
    "country": "CN",
    "region": "Zhejiang",
    "city": "Hangzhou",
    "district": "Xihu",
    "street": "18 Wenyi Road",
    "postal_code": "310012",
}


@pytest.fixture
def mei(db: None) -> User:
    return User.objects.create_user("mei", "mei@example.org", "a long pass phrase")


@pytest.fixture
def jo(db: None) -> User:
    return User.objects.create_user("jo", "jo@example.org", "another pass phrase")


@pytest.fixture
def browser(mei: User) -> Client:
    """Signed in as mei."""
    client = Client()
    client.force_login(mei)
    return client


@pytest.fixture
def foreign(jo: User) -> Address:
    return Address.objects.create(user=jo, is_default=True, **ADDRESS)


@pytest.fixture
def own(mei: User) -> Address:
    return Address.objects.create(user=mei, is_default=True, **ADDRESS)
