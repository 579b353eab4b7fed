"""Offers and suppliers: what is accepted, what is refused, who may see them."""

from __future__ import annotations

import psycopg
import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError, connection, transaction

from core.errors import Conflict, Forbidden, IllegalMove, Invalid, NotFound
from supply import actions, states
from supply.models import Offer, Supplier
from supply.tests.goods import ADMIN, offer_of, person, published, supplier_of


def test_a_new_offer_is_a_draft_with_its_stock(offer):
    assert offer.status == Offer.Status.DRAFT
    assert offer.stock.available == 10


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("supply_price_minor", 0),
        ("supply_price_minor", -5),
        ("suggested_price_minor", 0),
        ("suggested_price_minor", 5_999),
        ("suggested_price_minor", 10**12),
        ("commission_bps", 10_001),
        ("commission_bps", -1),
        ("dispatch_hours", 0),
        ("dispatch_hours", 721),
        ("on_hand", -1),
        ("sku", " "),
        ("title", ""),
        ("title", "x" * 161),
        ("product_code", ""),
        ("currency", "XXQ"),
        ("option_values", {"Size": ""}),
        ("option_values", {str(number): "a" for number in range(6)}),
    ],
)
def test_a_wrong_field_is_refused_by_name(supplier, field, value):
    with pytest.raises(Invalid) as refusal:
        offer_of(supplier, **{field: value})
    assert field in refusal.value.extra["fields"]
    assert not Offer.objects.exists()


def test_a_sku_belongs_to_one_offer_of_a_supplier_but_others_may_use_it_too(supplier, others):
    offer_of(supplier, sku="one")
    offer_of(others, sku="one")
    with pytest.raises(Conflict, match="one"):
        offer_of(supplier, sku="one")


def test_a_change_is_announced_once_and_nothing_is_announced_for_none(offer, kay):
    actions.update_offer(offer=offer, actor=kay, title="Heavy tee")
    actions.update_offer(offer=offer, actor=kay, title="Heavy tee ")
    assert published("supply.offer_changed") == [{"offer_id": offer.pk, "fields": ["title"]}]
    with pytest.raises(Invalid):
        actions.update_offer(offer=offer, actor=kay, supplier_id=3)
    with pytest.raises(Invalid):
        actions.update_offer(offer=offer, actor=kay, suggested_price_minor=1)


def test_a_withdrawn_offer_can_be_offered_again_unless_its_supplier_may_not_sell(offer, supplier):
    actions.withdraw_offer(offer=offer, actor=ADMIN)
    actions.withdraw_offer(offer=offer, actor=ADMIN)
    assert len(published("supply.offer_withdrawn")) == 1
    assert actions.offer_again(offer=offer, actor=ADMIN).status == Offer.Status.ACTIVE
    actions.move_supplier(supplier=supplier, to="SUSPENDED", actor=ADMIN, why="fakes")
    with pytest.raises(Conflict, match="not admitted"):
        actions.offer_again(offer=offer, actor=ADMIN)


def test_offers_are_seen_by_their_supplier_s_members_and_staff_only(offer, kay, rival):
    assert Offer.objects.fetch(kay, pk=offer.pk) == offer
    assert Offer.objects.fetch(person(is_staff=True), pk=offer.pk) == offer
    for stranger in (rival, person(), AnonymousUser()):
        with pytest.raises(NotFound):
            Offer.objects.fetch(stranger, pk=offer.pk)


def test_an_application_begins_as_a_draft_with_its_founder_as_member(kay):
    supplier = actions.apply_as_supplier(user=kay, name="杭州云裳", contact_email="a@example.org")
    assert supplier.state == "DRAFT"
    assert not supplier.may_sell
    assert list(Supplier.objects.of_member(kay)) == [supplier]
    assert states.SUPPLIER.history(supplier).get().actor_user_id == kay.pk


@pytest.mark.parametrize("wrong", [{"name": " "}, {"name": "Kite", "contact_email": "nowhere"}])
def test_an_application_without_name_or_with_a_wrong_address_is_refused(kay, wrong):
    with pytest.raises(Invalid):
        actions.apply_as_supplier(user=kay, **wrong)


def test_a_person_cannot_pile_up_applications(kay):
    for number in range(3):
        actions.apply_as_supplier(user=kay, name=f"Kite {number}")
    with pytest.raises(Conflict):
        actions.apply_as_supplier(user=kay, name="Kite 4")


def test_a_supplier_is_admitted_step_by_step_and_only_by_an_admin(kay):
    supplier = supplier_of(kay, admitted=False)
    actions.move_supplier(supplier=supplier, to="SUBMITTED", actor=kay)
    with pytest.raises(Forbidden):
        actions.move_supplier(supplier=supplier, to="DOCS_REVIEW", actor=kay)
    with pytest.raises(IllegalMove):
        actions.move_supplier(supplier=supplier, to="ACTIVE", actor=ADMIN)
    actions.admit(supplier=supplier, actor=ADMIN, why="seen the papers")
    assert supplier.may_sell
    steps = list(states.SUPPLIER.history(supplier).values_list("to_state", flat=True))
    assert steps == [
        "DRAFT",
        "SUBMITTED",
        "DOCS_REVIEW",
        "SAMPLE_REVIEW",
        "DEPOSIT_DUE",
        "PROBATION",
        "ACTIVE",
    ]


def test_a_closed_supplier_cannot_be_admitted(supplier):
    for state in ("OFFBOARDING", "CLOSED"):
        actions.move_supplier(supplier=supplier, to=state, actor=ADMIN)
    with pytest.raises(Conflict):
        actions.admit(supplier=supplier, actor=ADMIN)


@pytest.mark.django_db(transaction=True)
def test_editing_an_offer_waits_for_its_own_row_and_not_for_the_supplier_s(kay, offer):
    """Listing takes the supplier, then the offer: an edit that held both could lock it out."""

    def edit_while_somebody_holds(table: str, pk: int) -> None:
        with psycopg.connect(**connection.get_connection_params()) as other:
            other.execute(f"SELECT 1 FROM {table} WHERE id = %s FOR NO KEY UPDATE", [pk])
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '300ms'")
                actions.update_offer(offer=offer, actor=kay, title=f"beside {table}")

    edit_while_somebody_holds("supply_supplier", offer.supplier_id)
    offer.refresh_from_db()
    assert offer.title == "beside supply_supplier"
    with pytest.raises(OperationalError):
        edit_while_somebody_holds("supply_offer", offer.pk)
