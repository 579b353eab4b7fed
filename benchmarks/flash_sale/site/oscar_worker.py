"""A worker of django-oscar: buyers whose baskets, addresses and sessions are there press "place order".

`setup` creates the tables and the goods; a number sells as that worker.
"""

from __future__ import annotations

import os
import sys

import django
from work import follow

os.environ["DJANGO_SETTINGS_MODULE"] = "oscar_settings"
PIECES = 10_000_000
# More than it has ever sold in a second.
READY_EACH_SECOND = 150


def set_up() -> None:
    from django.core.management import call_command
    from oscar.core.loading import get_model

    call_command("migrate", verbosity=0, interactive=False)
    kind = get_model("catalogue", "ProductClass").objects.create(name="Scarves")
    product = get_model("catalogue", "Product").objects.create(
        product_class=kind, title="Silk scarf", structure="standalone"
    )
    partner = get_model("partner", "Partner").objects.create(name="The Mill")
    get_model("partner", "StockRecord").objects.create(
        product=product,
        partner=partner,
        partner_sku="S1",
        price_currency="GBP",
        price="70.00",
        num_in_stock=PIECES,
    )
    get_model("address", "Country").objects.create(
        iso_3166_1_a2="CN", printable_name="China", is_shipping_country=True
    )


class Buyers:
    def __init__(self, worker: int) -> None:
        self.worker = worker
        self.people: list[tuple[object, object]] = []
        self.ready: list[str] = []

    def prepare(self, seconds: float) -> None:
        """Leave nobody without a session, and a basket with one piece in it."""
        wanted = round(seconds * READY_EACH_SECOND) + 20
        while len(self.people) < wanted:
            self.people.append(self._person(len(self.people)))
        # Whoever has not bought since is ready still.
        for number in range(wanted - len(self.ready)):
            self.ready.append(self._ready(number))

    def _person(self, number: int) -> tuple[object, object]:
        from django.contrib.auth import get_user_model
        from oscar.core.loading import get_model

        name = f"w{self.worker}-{number}"
        person, _ = get_user_model().objects.get_or_create(
            username=name, defaults={"email": f"{name}@example.org", "password": "!"}
        )
        home, _ = get_model("address", "UserAddress").objects.get_or_create(
            user=person,
            line1="1 Lake Road",
            defaults={
                "first_name": "Li",
                "last_name": "Lei",
                "line4": "Hangzhou",
                "postcode": "310000",
                "country_id": "CN",
            },
        )
        return person, home

    def _ready(self, number: int) -> str:
        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
        from django.contrib.sessions.backends.db import SessionStore
        from oscar.core.loading import get_class, get_model

        person, home = self._next()
        basket = get_model("basket", "Basket").objects.create(owner=person)
        basket.strategy = get_class("partner.strategy", "Selector")().strategy()
        basket.add_product(get_model("catalogue", "Product").objects.get(), 1)
        session = SessionStore()
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = "oscar.apps.customer.auth_backends.EmailBackend"
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session["checkout_data"] = {
            "shipping": {"user_address_id": home.pk, "method_code": "free-shipping"}
        }
        session.create()
        return session.session_key

    def _next(self):
        person = self.people.pop(0)
        self.people.append(person)
        return person

    def place_order(self) -> None:
        from django.test import Client

        client = Client()
        client.cookies["sessionid"] = self.ready.pop(0)
        answer = client.post("/checkout/preview/", {"action": "place_order"})
        if answer.status_code != 302 or "thank-you" not in answer["Location"]:
            raise SystemExit(f"oscar answered {answer.status_code} {answer.headers}")


def main() -> None:
    django.setup()
    if sys.argv[1] == "setup":
        set_up()
        return
    buyers = Buyers(int(sys.argv[1]) + 100 * os.getpid())
    follow(buyers.place_order, buyers.prepare)


main()
