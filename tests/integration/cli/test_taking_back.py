"""`connector customers unbind` and `bind`: what they leave of the exchanges behind a pair, and when they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from connector.flows.customers.keys import email_key
from connector.flows.customers.values import search_key_of
from tests.harness import STORE, Connector
from tests.integration.cli.conftest import Run
from tests.integration.flows.customers.desk import GOOD_VAT, HOME, OTHER_VAT, VAT_KEY, Desk

WHY = ("--reason", "looked again")
RUNNING = "state = 'running', worker = 'another', lease_until = ledger_now() + interval '1 hour'"
SHOPPER = "SELECT id, state, reason FROM exchange WHERE flow = 'customers_to_m3' AND scope <> 'w1' ORDER BY id"


def unbound_guest(connector: Connector, run_store: Run) -> tuple[Desk, str]:
    """A guest whose customer was unbound after the first order, and the customer's number."""
    desk = Desk(connector)
    desk.order()
    number = desk.customer()["cuno"]
    run_store("customers", "unbind", "--customer", number, *WHY)
    return desk, number


def unbound_account(connector: Connector, run_store: Run) -> tuple[Desk, dict[str, Any], str]:
    """An account that was unbound from its customer, and the customer's number."""
    desk = Desk(connector)
    account = desk.known()
    run_store("customers", "unbind", account["id"], *WHY)
    return desk, account, desk.customer()["cuno"]


def refused_after_unbinding(connector: Connector, run_store: Run) -> tuple[Desk, str]:
    """A guest whose customer was unbound, and whose next order M3 refuses to make another one for."""
    desk, number = unbound_guest(connector, run_store)
    desk.sandbox.m3_rule("CRS610MI", "Add", "nok")
    desk.order()
    desk.sandbox.m3_faults()
    return desk, number


def test_an_account_is_bound_again_once_a_person_takes_it_back(connector: Connector, run_store: Run) -> None:
    desk, account, number = unbound_account(connector, run_store)
    (listed,) = run_store("customers", "unbound", "--store", STORE, "--json").data

    refused = run_store("customers", "bind", account["id"], "--customer", number)
    said = run_store("customers", "bind", account["id"], "--customer", number, "--reason", "after all", "--json")
    desk.change(account, billing={"phone": "01 999 888"})
    desk.look(account)

    assert (listed["account"], listed["number"], listed["why"]) == (account["id"], number, "looked again")
    assert (refused.status, said.status, said.data["number"]) == (1, 0, number)
    assert [one["number"] for one in run_store("customers", "bindings", "--json").data] == [number]
    assert run_store("customers", "unbound", "--json").data == []
    assert desk.customer()["fields"]["PHNO"] == "01 999 888"
    trail = connector.rows(
        "SELECT action, why FROM audit WHERE system = 'ledger' AND action LIKE 'account_%' ORDER BY id"
    )
    assert [tuple(one.values()) for one in trail] == [
        ("account_unbound", "looked again"),
        ("account_bound", "after all"),
    ]


def test_what_nobody_unbound_is_not_bound_by_hand(connector: Connector, run_store: Run) -> None:
    Desk(connector)

    said = run_store("customers", "bind", 2, "--customer", "W000000000", *WHY)

    assert said.status == 1
    assert "was not unbound" in said.flat_err


def test_an_account_that_got_another_customer_is_not_bound_to_the_former_one(
    connector: Connector, run_store: Run
) -> None:
    _, account, number = unbound_account(connector, run_store)
    with connector.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO binding (kind, shop_scope, shop_key, m3_scope, m3_key)"
            f" VALUES ('account', 'w1', '{account['id']}', 'x/w1', 'W9')"
        )

    said = run_store("customers", "bind", account["id"], "--customer", number, *WHY)

    assert (said.status, "bound otherwise" in said.flat_err) == (1, True)
    assert len(run_store("customers", "unbound", "--json").data) == 1


def test_a_shopper_is_bound_again_unless_the_next_order_made_another_customer(
    connector: Connector, run_store: Run
) -> None:
    desk, number = unbound_guest(connector, run_store)

    taken_back = run_store("customers", "bind", "--customer", number, *WHY)
    desk.order()
    run_store("customers", "unbind", "--customer", number, *WHY)
    desk.order()
    refused = run_store("customers", "bind", "--customer", number, *WHY)

    first, second, third = desk.orders()
    assert (taken_back.status, first, second) == (0, number, number)
    assert (refused.status, third == number, "bound otherwise" in refused.flat_err) == (1, False, True)


def test_a_shopper_that_is_bound_again_leaves_no_dead_letter_and_its_order_goes_on(
    connector: Connector, run_store: Run
) -> None:
    desk, number = refused_after_unbinding(connector, run_store)
    (before,) = connector.rows(SHOPPER)

    said = run_store("customers", "bind", "--customer", number, *WHY)
    connector.settle()

    assert (before["state"], said.status) == ("dead_letter", 0)
    assert connector.rows("SELECT DISTINCT state FROM exchange") == [{"state": "done"}]
    assert desk.orders() == [number, number]
    assert connector.rows("SELECT 1 FROM document WHERE kind = 'customer' AND state = 'building'") == []


@pytest.mark.parametrize("state", ["running", "lost"])
def test_a_shopper_of_whom_a_customer_is_being_made_is_not_bound_again(
    connector: Connector, run_store: Run, state: str
) -> None:
    _, number = refused_after_unbinding(connector, run_store)
    with connector.engine.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE exchange SET {RUNNING} WHERE flow = 'customers_to_m3'"
            if state == "running"
            else "UPDATE step SET state = 'unknown' WHERE name = 'add' AND state = 'refused'"
        )

    said = run_store("customers", "bind", "--customer", number, *WHY)

    assert (said.status, "just now" in said.flat_err) == (1, True)
    assert len(run_store("customers", "unbound", "--json").data) == 1


def test_an_account_is_neither_unbound_nor_bound_while_a_run_is_at_work_with_it(
    connector: Connector, run_store: Run
) -> None:
    desk = Desk(connector)
    account = desk.known()
    number = desk.customer()["cuno"]

    def switch(state: str) -> None:
        with connector.engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE exchange SET {state} WHERE flow = 'customers_to_m3' AND scope = 'w1'")

    switch(RUNNING)
    kept = run_store("customers", "unbind", account["id"], *WHY)
    switch("state = 'done', worker = NULL, lease_until = NULL")
    run_store("customers", "unbind", account["id"], *WHY)
    connector.settle()
    switch(RUNNING)
    refused = run_store("customers", "bind", account["id"], "--customer", number, *WHY)

    assert (kept.status, refused.status) == (1, 1)
    assert "just now" in kept.flat_err and "just now" in refused.flat_err
    assert [one["account"] for one in run_store("customers", "unbound", "--json").data] == [account["id"]]


def test_what_an_account_waited_with_ends_when_it_is_unbound(connector: Connector, run_store: Run) -> None:
    desk = Desk(connector)
    account = desk.known(billing={"company": "Ana"}, meta_data=[{"key": VAT_KEY, "value": GOOD_VAT}])
    desk.change(account, meta_data=[{"key": VAT_KEY, "value": OTHER_VAT}])
    waiting = desk.look(account)

    run_store("customers", "unbind", account["id"], *WHY)
    connector.settle()

    assert (waiting["state"], desk.exchange(account)["state"]) == ("dead_letter", "done")


def test_what_a_shopper_waited_with_ends_when_it_is_unbound(connector: Connector, run_store: Run) -> None:
    desk = Desk(connector)
    desk.sandbox.m3_rule("CRS610MI", "ChgFinancial", "nok")
    desk.order(meta_data=[{"key": VAT_KEY, "value": GOOD_VAT}])
    desk.sandbox.m3_faults()
    (before,) = connector.rows(SHOPPER)

    run_store("customers", "unbind", "--customer", desk.customer()["cuno"], *WHY)
    connector.settle()
    (after,) = connector.rows(SHOPPER)

    assert (before["state"], after["state"]) == ("dead_letter", "done")
    assert "a person said" in after["reason"]


def test_of_two_shoppers_unbound_from_one_customer_a_person_says_which_is_meant(
    connector: Connector, run_store: Run
) -> None:
    desk, number = unbound_guest(connector, run_store)
    first = connector.rows(SHOPPER)[0]["id"]
    in_m3 = {"MAIL": "zora@example.com", "ALCU": search_key_of(STORE, 0, email_key("zora@example.com"))}
    desk.sandbox.post(f"{desk.sandbox.m3_url}/_control/customers/{number}", in_m3)
    desk.order(billing={**HOME, "email": "zora@example.com"})
    run_store("customers", "unbind", "--customer", number, *WHY)
    (second,) = {one["id"] for one in connector.rows(SHOPPER)} - {first}

    listed = run_store("customers", "unbound", "--store", STORE, "--json").data
    unclear = run_store("customers", "bind", "--customer", number, *WHY)
    said = run_store("customers", "bind", "--customer", number, "--shopper", second, *WHY)
    taken = run_store("customers", "bind", "--customer", number, "--shopper", first, *WHY)

    assert [one["exchange_id"] for one in listed] == [first, second]
    assert (unclear.status, f"--shopper {first}" in unclear.flat_err) == (1, True)
    assert (said.status, taken.status, "bound otherwise" in taken.flat_err) == (0, 1, True)
    bound = connector.rows(
        "SELECT exchange_id FROM binding WHERE kind = 'customer' AND m3_key = :number", number=number
    )
    assert bound == [{"exchange_id": second}]
