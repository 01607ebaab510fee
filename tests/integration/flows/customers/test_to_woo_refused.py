"""A value that the shop refuses of an account: the others arrive, it is told by name, and sent again only when it changes."""

from __future__ import annotations

import pytest

from connector.flows.customer_publishing.compare import compare
from connector.flows.pulling import Reason
from tests.harness import STORE, Connector
from tests.integration.flows.customers.shown import Choosy

PHONE, EMAIL = "01 777 000", "racuni@tvrtka"
MOVED = {"CUA1": "Riva 3", "TOWN": "Rijeka", "PONO": "51000"}


@pytest.fixture
def desk(connector: Connector) -> Choosy:
    return Choosy(connector)


def test_an_address_that_the_shop_refuses_holds_up_nothing_else(desk: Choosy) -> None:
    batches = desk.change_in_m3(MAIL=EMAIL, PHNO=PHONE, TEPY="030", **MOVED)

    shows, offer = desk.shows(), desk.offer()
    assert (shows["phone"], shows["city"], shows["_m3_payment_terms"]) == (PHONE, "Rijeka", "030")
    assert shows["email"] == "ana@example.com"
    assert batches == 2
    assert "billing.email. The shop refused it, customer_invalid_billing_email" in offer["problem"]
    assert EMAIL not in str(offer) and desk.number in offer["remedy"]


@pytest.mark.parametrize("name", ["billing.phone", "meta._m3_payment_terms"])
def test_what_a_plug_in_refuses_is_told_by_name_and_not_sent_again(desk: Choosy, name: str) -> None:
    desk.refuse(name)

    first = desk.change_in_m3(PHNO=PHONE, TEPY="030", CUCL="B2B")
    again = desk.change_in_m3()
    other = desk.change_in_m3(PLTB="WHOLESALE")

    assert (first, again, other) == (2, 0, 1)
    assert desk.shows()["_m3_customer_group"] == "B2B" and desk.shows()["_m3_price_list"] == "WHOLESALE"
    assert f"was not written: {name}. " in desk.offer()["problem"]


def test_a_refused_value_is_sent_once_it_is_another_one(desk: Choosy) -> None:
    desk.change_in_m3(MAIL=EMAIL)

    batches = desk.change_in_m3(MAIL="racuni@tvrtka.example")

    assert (batches, desk.shows()["email"]) == (1, "racuni@tvrtka.example")
    assert (desk.offer()["problem_code"], "refused" in desk.offer()["written"]) == (None, False)


def test_a_refused_value_that_m3_takes_back_is_no_problem_any_more(desk: Choosy) -> None:
    desk.change_in_m3(MAIL=EMAIL)

    batches = desk.change_in_m3(MAIL="ana@example.com")

    assert (batches, desk.offer()["problem_code"]) == (0, None)
    assert "refused" not in desk.offer()["written"]


def test_an_address_goes_as_a_whole_or_stays_as_it_is(desk: Choosy) -> None:
    refused = desk.change_in_m3(CSCD="HRV", PHNO=PHONE, **MOVED)
    half_way = desk.shows()
    corrected = desk.change_in_m3(CSCD="HR")

    assert (half_way["address_1"], half_way["city"], half_way["phone"]) == ("Savska 1", "Zagreb", PHONE)
    assert (desk.shows()["address_1"], desk.shows()["city"]) == ("Riva 3", "Rijeka")
    assert (refused, corrected) == (1, 1)


def test_accounts_beside_a_refused_one_are_written_with_it(desk: Choosy) -> None:
    others = [desk.account(email=f"a{number}@example.com") for number in range(3)]
    for account in others:
        desk.order(account)
    numbers = [made["cuno"] for made in desk.customers()]
    for number in numbers:
        desk.in_m3(number, TEPY="030", **({"MAIL": EMAIL} if number == desk.number else {}))
    before = desk.calls_to_shop()

    desk.carry(*numbers)

    assert {desk.meta(account)["_m3_payment_terms"] for account in (desk.buyer, *others)} == {"030"}
    assert desk.calls_to_shop() == before + 2


def test_of_somebody_erased_not_even_the_digest_of_a_refused_value_is_kept(desk: Choosy) -> None:
    desk.change_in_m3(MAIL=EMAIL)
    kept = "refused" in desk.offer()["written"]
    desk.change(desk.buyer, action="delete")

    desk.look(desk.buyer)

    assert (kept, "refused" in desk.offer()["written"]) == (True, False)


def test_a_dry_run_does_not_tell_what_was_refused_as_to_be_written(desk: Choosy, connector: Connector) -> None:
    desk.refuse("billing.phone")
    desk.change_in_m3(PHNO=PHONE)
    desk.in_m3(desk.number, TEPY="030")
    store = connector.process.runtime.store(STORE)

    whole = {row.field: row.reason for row in compare(connector.engine, store)}
    named = {row.field: row.reason for row in compare(connector.engine, store, item_numbers=[desk.number])}

    assert whole == {"billing.phone": Reason.ERROR, "meta._m3_payment_terms": Reason.DIFFERENT}
    assert named == dict.fromkeys(whole, Reason.DIFFERENT)
