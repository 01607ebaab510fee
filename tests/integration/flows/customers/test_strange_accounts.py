"""Accounts as shops really have them: half filled in, made anew, renamed, with an address that M3 has no room for."""

from __future__ import annotations

from typing import Any

import pytest

from connector.flows.customers.keys import email_key
from connector.flows.customers.values import search_key_of
from connector.ledger.replaying import replay
from connector.ledger.session import transaction
from connector.ledger.unbinding import unbind_shopper
from tests.harness import STORE, Connector
from tests.integration.flows.customers.desk import HOME, Desk, file_of

LONG = f"{'a' * 55}@example.com"
"""An e-mail address longer than MAIL and EMAL of M3 hold."""


def moved(desk: Desk, email: str) -> dict[str, Any]:
    """Returns a customer's account that shows another e-mail address by now."""
    account = desk.known()
    desk.change(account, billing={"email": email})
    return account


def in_m3(desk: Desk, **fields: str) -> None:
    """Changes the only customer as a person does in CRS610."""
    desk.sandbox.post(f"{desk.sandbox.m3_url}/_control/customers/{desk.customer()['cuno']}", fields)


def test_a_former_address_that_m3_keeps_for_want_of_room_is_told_until_a_person_has_written_another(
    connector: Connector,
) -> None:
    desk = Desk(connector)
    account = moved(desk, LONG)

    told = desk.look(account)
    in_m3(desk, MAIL="ana@short.example")
    settled = desk.look(account)

    assert (told["state"], "former e-mail address" in told["reason"], LONG in str(told)) == ("dead_letter", True, False)
    assert settled["state"] == "done"
    assert desk.customer()["fields"]["MAIL"] == "ana@short.example"


def test_a_former_address_that_the_repository_keeps_is_told_too(connector: Connector) -> None:
    desk = Desk(connector, file_of(accounts={"email_type": "04"}))
    account = moved(desk, LONG)
    in_m3(desk, MAIL="")

    told = desk.look(account)

    assert (told["state"], "EMAL of type 04" in told["reason"]) == ("dead_letter", True)
    assert desk.customer()["emails"] == {"04": "ana@example.com"}


def test_an_account_that_is_made_anew_with_the_same_login_is_the_same_customer(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account()
    desk.order(account)
    desk.poll()
    desk.change(account, action="delete")
    anew = desk.account()
    desk.look(anew)

    desk.poll()
    desk.change(anew, billing={"phone": "01 999 888"})
    desk.poll()

    bound = connector.rows("SELECT shop_key FROM binding WHERE kind = 'account'")
    assert bound == [{"shop_key": str(anew["id"])}]
    assert desk.customer()["fields"]["PHNO"] == "01 999 888"


def test_an_account_without_a_street_is_no_customer_yet(connector: Connector) -> None:
    desk = Desk(connector, file_of(accounts={"create": "at_once"}))
    account = desk.account(billing={**dict.fromkeys(HOME, ""), "first_name": "Ana", "city": "Zagreb", "country": "HR"})

    before = desk.look(account)
    desk.change(account, billing=HOME)
    after = desk.look(account)

    assert (before["state"], before["reason"]) == ("done", "no order of this account is in M3 yet")
    assert (after["state"], len(desk.customers())) == ("done", 1)
    assert connector.rows("SELECT DISTINCT state FROM exchange") == [{"state": "done"}]


def test_half_a_delivery_address_is_none_and_holds_up_no_other_change(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account(shipping={"first_name": "Ana", "city": "Split", "country": "HR"})
    desk.order(account)
    desk.change(account, billing={"phone": "01 999 888"})

    exchange = desk.look(account)

    assert (exchange["state"], desk.customer()["fields"]["PHNO"]) == ("done", "01 999 888")
    assert desk.customer()["addresses"] == []


def test_a_company_that_its_account_renamed_stays_one_customer_where_each_company_is_one(connector: Connector) -> None:
    desk = Desk(connector, file_of(other_company="own"))
    account = desk.known(billing={"company": "Ana d.o.o."})
    desk.change(account, billing={"company": "Ana Nova d.o.o."})
    desk.look(account)

    desk.order(account, billing={"company": "Ana Nova d.o.o."})
    desk.order(account, billing={"company": "Kruška d.o.o."})

    renamed, other = desk.orders()[1:]
    assert (desk.orders()[0] == renamed, other == renamed, len(desk.customers())) == (True, False, 2)


def test_what_a_former_shopper_said_of_a_customer_says_nothing_of_the_next_one(connector: Connector) -> None:
    desk = Desk(connector)
    desk.order(billing={"company": "Kruška d.o.o."})
    scope = connector.process.runtime.store(STORE).m3_scope
    with transaction(connector.engine) as connection:
        unbind_shopper(connection, scope, number=desk.customer()["cuno"], who="test", why="another one")
    key = search_key_of(STORE, 0, email_key("zora@example.com"))
    in_m3(desk, CUNM="Zora Zorić", MAIL="zora@example.com", ALCU=key)

    zora = {"email": "zora@example.com", "first_name": "Zora", "last_name": "Zorić", "company": "Zora d.o.o."}
    desk.order(billing=zora)
    desk.order(billing=zora)

    assert desk.orders() == [desk.customer()["cuno"]] * 3


@pytest.mark.parametrize(("guests", "alone"), [("same", False), ("apart", True)])
def test_a_guest_with_the_new_address_of_an_account_gets_none_of_its_orders(
    connector: Connector, guests: str, alone: bool
) -> None:
    desk = Desk(connector, file_of(guests_with_account=guests))
    account = moved(desk, "neu@example.com")
    desk.change(account, email="neu@example.com")
    desk.look(account)

    desk.order(billing={"email": "neu@example.com"})
    desk.order(account, billing={"email": "neu@example.com"})

    first, guest, last = desk.orders()
    assert (guest != first, last == first) == (alone, True)


def test_an_address_that_two_accounts_log_in_with_finds_nobody(connector: Connector) -> None:
    desk = Desk(connector)
    ana, eva = desk.account(), desk.account(email="eva@example.com")
    for account in (ana, eva):
        desk.order(account)
        desk.look(account)
    with connector.engine.begin() as connection:  # one of them is older than what the shop has now
        connection.exec_driver_sql(f"UPDATE shop_account SET login = '{email_key('neu@example.com')}'")

    desk.order(billing={"email": "neu@example.com"})

    assert len(set(desk.orders())) == 3


def test_a_customer_whose_account_has_another_address_now_stands_as_it_is_when_a_person_doubts(
    connector: Connector,
) -> None:
    desk = Desk(connector)
    desk.look(moved(desk, "neu@example.com"))
    (shopper,) = connector.rows(
        "SELECT id FROM exchange WHERE flow = 'customers_to_m3' AND scope <> :store", store=STORE
    )

    def doubt() -> str:
        with transaction(connector.engine) as connection:
            replay(connection, shopper["id"], who="test", why="is it there?")
        connector.settle()
        return str(connector.exchange(shopper["id"])["state"])

    before = doubt()
    in_m3(desk, MAIL="somebody@example.com")
    after = doubt()

    assert (before, after) == ("done", "dead_letter")


def test_an_order_with_the_address_that_its_account_shows_is_the_accounts_though_another_shopper_has_it(
    connector: Connector,
) -> None:
    desk = Desk(connector)
    desk.order(billing={"email": "office@example.com"})
    account = desk.known()
    desk.order(account, billing={"email": "office@example.com"})
    desk.change(account, billing={"email": "office@example.com"})
    desk.look(account)

    desk.order(account, billing={"email": "office@example.com"})

    office, own, typed, shown = desk.orders()
    assert (own != office, typed, shown) == (True, office, own)
