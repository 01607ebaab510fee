"""A company without a letter or digit ("-", typed into a field that must be filled in) is none: the person's name counts."""

from __future__ import annotations

import pytest

from tests.harness import Connector
from tests.integration.flows.customers.desk import SUMMER_HOUSE, Desk
from tests.integration.flows.customers.shown import Shown

DASH = {"company": " - "}


def test_a_customer_and_its_order_have_the_name_of_the_person(connector: Connector) -> None:
    desk = Desk(connector)

    desk.order(billing=DASH, shipping={**SUMMER_HOUSE, **DASH, "first_name": "Eva"})

    (order,) = desk.sandbox.m3_book()["orders"]
    (address,) = order["addresses"]
    made = desk.customer()["fields"]
    assert (made["CUNM"], made.get("CUA4", "")) == ("Ana Anić", "")
    assert (address["CUNM"], address.get("CUA4", "")) == ("Eva Anić", "")


def test_an_account_that_gets_one_keeps_its_name_in_m3(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account()
    desk.order(account)
    desk.change(account, billing=DASH, shipping={**SUMMER_HOUSE, **DASH})

    done = desk.look(account)

    (place,) = desk.customer()["addresses"]
    assert (done["state"], desk.customer()["fields"]["CUNM"], place["CUNM"]) == ("done", "Ana Anić", "Ana Anić")


def test_it_makes_no_delivery_address_of_its_own(connector: Connector) -> None:
    desk = Desk(connector)

    desk.order(shipping={"company": "--"})

    (order,) = desk.sandbox.m3_book()["orders"]
    assert [(one["CUNM"], one["TOWN"]) for one in order["addresses"]] == [("Ana Anić", "Zagreb")]


@pytest.mark.parametrize("company", ["3M", "Kruške d.o.o.", "株式会社", "+plus"])
def test_any_other_company_is_one(connector: Connector, company: str) -> None:
    desk = Desk(connector)

    desk.order(billing={"company": company})

    made = desk.customer()["fields"]
    assert (made["CUNM"], made["CUA4"]) == (company, "Ana Anić")


def test_who_orders_as_a_company_and_as_none_is_one_customer(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account(billing={"company": "Kruške"})

    desk.order(account)
    desk.order(account, billing=DASH)

    assert len(desk.orders()) == 2
    assert desk.customer()["fields"]["CUNM"] == "Kruške"


def test_a_customer_that_bears_one_since_before_waits_for_its_fourth_line_to_be_emptied(connector: Connector) -> None:
    desk = Shown(connector)
    account = desk.account(billing=DASH)
    desk.order(account)
    number = desk.customer()["cuno"]
    desk.in_m3(number, CUNM="-", CUA4="Ana Anić")

    told = desk.look(account)
    desk.in_m3(number, CUA4="")
    done = desk.look(account)

    assert (told["state"], "CUA4" in told["reason"]) == ("dead_letter", True)
    assert (done["state"], desk.customer()["fields"]["CUNM"]) == ("done", "Ana Anić")
