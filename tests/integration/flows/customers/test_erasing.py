"""Accounts and orders whose personal data were erased in the shop: M3 keeps, the ledger forgets, nothing comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector.flows.customers.poll import poll_customers
from connector.ledger.inbox import Received, record_delivery
from connector.ledger.people import discard, release
from connector.ledger.session import transaction
from tests.harness import STORE, Connector
from tests.integration.flows.customers.desk import GOOD_VAT, HOME, LINES, VAT_KEY, Desk, file_of
from tests.integration.flows.customers.shown import Shown

TRACES = ("Savska", "Anić", "ana@example.com", "234 5678")


def told_of(connector: Connector, scope: str) -> str:
    """Returns all bodies the ledger keeps of exchanges of customers_to_m3 in a scope, as text."""
    statement = (
        "SELECT convert_from(d.body, 'utf8') AS body FROM delivery d JOIN exchange e ON e.id = d.exchange_id"
        " WHERE e.flow = 'customers_to_m3' AND e.scope LIKE :scope AND d.body IS NOT NULL"
    )
    return json.dumps([row["body"] for row in connector.rows(statement, scope=scope)], ensure_ascii=False)


@pytest.mark.parametrize("action", ["delete", "erase"])
def test_an_erased_account_is_forgotten_here_and_kept_in_m3(connector: Connector, action: str) -> None:
    desk = Desk(connector)
    account = desk.account()
    desk.order(account)
    desk.poll()
    kept = desk.customer()
    desk.change(account, action=action)

    exchange = desk.look(account)

    assert exchange["state"] == "done"
    assert exchange["fingerprint"] == "erased"
    assert desk.customer() == kept
    assert told_of(connector, "%") == "[]"
    assert connector.rows("SELECT 1 FROM binding WHERE kind = 'account'") == []


def test_a_late_delivery_brings_an_erased_account_not_back(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account()
    desk.order(account)
    desk.poll()
    desk.change(account, action="delete")
    desk.look(account)

    deliver(connector, account)

    assert desk.exchange(account)["fingerprint"] == "erased"
    assert told_of(connector, STORE) == "[]"


def deliver(connector: Connector, account: dict[str, Any]) -> None:
    """Brings a delivery that was under way since before the account was erased, and runs what it makes due."""
    tell(connector, account)
    connector.settle()


def tell(connector: Connector, account: dict[str, Any]) -> None:
    """Has the receiver take a delivery that says of an account what it said before."""
    body = json.dumps(account).encode()
    late = Received(
        store=STORE,
        source="webhook",
        topic="customer.updated",
        kind="customer",
        resource_id=str(account["id"]),
        flow="customers_to_m3",
        business_key=str(account["id"]),
        pool="customers",
        body=body,
        body_size=len(body),
        body_sha256="x",
        content_hash="late",
        is_full=True,
    )
    record_delivery(connector.engine, late)


def empty(desk: Desk, order: dict[str, Any]) -> None:
    """Takes the buyer's data off an order, as WordPress' eraser does, and has it looked at."""
    emptied = {
        **{"first_name": "[deleted]", "last_name": "[deleted]", "address_1": "[deleted]", "city": "[deleted]"},
        **{"postcode": "[deleted]", "country": "", "state": "", "email": "deleted@site.invalid", "phone": "000"},
    }
    url = f"{desk.sandbox.shop_url}/_control/orders/{order['id']}"
    meta = [{"key": "_anonymized", "value": "yes"}]
    desk.sandbox.post(url, {"deliver": "never", "billing": emptied, "shipping": emptied, "meta_data": meta})
    desk.connector.ask(order["id"])
    desk.connector.settle()


def test_the_poll_finds_an_account_that_is_gone(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account()
    desk.order(account)
    desk.poll()
    desk.change(account, action="delete")

    desk.poll()

    assert desk.exchange(account)["fingerprint"] == "erased"


def test_a_person_decides_about_m3_where_the_store_says_so(connector: Connector) -> None:
    desk = Desk(connector, file_of(accounts={"erased": "person"}))
    account = desk.account()
    desk.order(account)
    desk.change(account, action="delete")

    exchange = desk.look(account)

    assert exchange["state"] == "dead_letter"
    assert desk.customer()["cuno"] in exchange["reason"]
    assert not any(trace in str(exchange) for trace in TRACES)
    assert connector.rows("SELECT 1 FROM binding WHERE kind = 'account'") == []
    assert desk.look(account)["state"] == "dead_letter"  # nobody has decided yet


def test_who_was_erased_is_nobody_any_more_whatever_a_person_decides(connector: Connector) -> None:
    desk = Desk(connector, file_of(accounts={"erased": "person"}))
    account = desk.account()
    desk.order(account)
    desk.change(account, action="delete")
    exchange = desk.look(account)
    with transaction(connector.engine) as connection:
        discard(connection, exchange["id"], who="test", why="M3 keeps its customer")

    deliver(connector, account)

    assert (desk.exchange(account)["state"], desk.exchange(account)["fingerprint"]) == ("done", "erased")
    assert connector.rows("SELECT 1 FROM binding WHERE kind = 'account'") == []
    assert told_of(connector, STORE) == "[]"


def test_an_account_that_was_emptied_before_anybody_looked_is_forgotten_too(connector: Connector) -> None:
    desk = Desk(connector, file_of(accounts={"create": "at_once"}))
    account = desk.account()
    tell(connector, account)
    desk.change(account, action="erase")

    exchange = desk.look(account)

    assert (exchange["state"], exchange["reason"]) == ("done", "the account has no address")
    assert told_of(connector, "%") == "[]"
    assert desk.customers() == []


def test_an_emptied_account_is_forgotten_though_it_never_came_through(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account(billing={"address_2": "Stan 4"})
    desk.order(account)
    desk.change(account, billing={"address_2": ""})
    held = desk.look(account)
    desk.change(account, action="erase")

    exchange = desk.look(account)

    assert (held["state"], exchange["state"], exchange["fingerprint"]) == ("dead_letter", "done", "erased")
    assert connector.rows("SELECT 1 FROM binding WHERE kind = 'account'") == []


@pytest.mark.parametrize("action", ["delete", "erase"])
def test_a_change_whose_answer_was_lost_is_not_written_again_after_an_erasure(
    connector: Connector, action: str
) -> None:
    desk = Desk(connector)
    account = desk.account()
    desk.order(account)
    desk.poll()
    desk.change(account, billing={"phone": "01 999 888"})
    desk.sandbox.m3_rule("CRS610MI", "ChgBasicData", "drop_before_commit")
    poll_customers(connector.engine, connector.process.runtime.store(STORE))
    connector.drain()
    lost = desk.exchange(account)["reason_code"]
    desk.change(account, action=action)

    connector.settle()

    assert (lost, desk.exchange(account)["fingerprint"]) == ("outcome_unknown", "erased")
    assert desk.customer()["fields"]["PHNO"] == "091 234 5678"
    assert connector.rows("SELECT 1 FROM document WHERE kind = 'account'") == []


def test_a_change_that_was_told_before_an_erasure_is_not_written_after_it(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account()
    desk.order(account)
    desk.poll()
    desk.change(account, billing={"phone": "01 999 888"})
    poll_customers(connector.engine, connector.process.runtime.store(STORE))
    desk.change(account, action="erase")

    connector.settle()

    assert (desk.exchange(account)["fingerprint"], desk.calls("CRS610MI/ChgBasicData")) == ("erased", 0)
    assert told_of(connector, STORE) == "[]"


def test_an_order_that_is_emptied_while_its_customer_waits_makes_no_customer_later(connector: Connector) -> None:
    desk = Desk(connector)
    desk.sandbox.m3_rule("CRS610MI", "Add", "nok")
    order = desk.order()
    empty(desk, order)
    held = connector.rows("SELECT id FROM exchange WHERE flow = 'customers_to_m3' AND state = 'dead_letter'")

    for row in held:
        with transaction(connector.engine) as connection:
            release(connection, row["id"], who="test", why="the cause is gone")
    connector.settle()

    assert len(held) == 1
    assert (desk.customers(), told_of(connector, "%")) == ([], "[]")
    desk.order()
    assert desk.orders() == [desk.customer()["cuno"]]


def test_a_customer_whose_answer_was_lost_is_bound_though_its_order_was_emptied(connector: Connector) -> None:
    desk = Desk(connector)
    desk.sandbox.m3_rule("CRS610MI", "Add", "drop_after_commit")
    order = desk.sandbox.place(billing={**HOME, "email": "ana@example.com"}, lines=LINES, status="processing")
    connector.ask(order["id"])
    connector.drain()

    empty(desk, order)

    bound = connector.rows("SELECT m3_key FROM binding WHERE kind = 'customer'")
    assert [row["m3_key"] for row in bound] == [desk.customer()["cuno"]]
    assert (desk.calls("CRS610MI/Add"), told_of(connector, "%")) == (1, "[]")


def test_what_m3_says_of_somebody_is_not_shown_on_the_account_that_was_emptied(connector: Connector) -> None:
    desk = Shown(connector, owners={"name": "m3", "address": "m3", "phone": "m3"})
    account = desk.account()
    desk.order(account)
    desk.poll()
    desk.change(account, action="erase")
    desk.in_m3(desk.customer()["cuno"], TEPY="030")

    desk.pull()

    assert desk.row(account)["billing"]["address_1"] == ""
    assert desk.exchange(account)["fingerprint"] == "erased"
    assert connector.rows("SELECT 1 FROM binding WHERE kind = 'account'") == []


def test_somebody_who_comes_back_has_the_number_of_before(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account()
    desk.order(account)
    desk.change(account, action="delete")
    desk.look(account)

    desk.order(desk.account())

    assert desk.orders() == [desk.customer()["cuno"]] * 2


def test_a_posted_order_that_is_emptied_in_the_shop_stays_and_is_forgotten(connector: Connector) -> None:
    desk = Desk(connector)
    order = desk.order()

    empty(desk, order)

    states = connector.rows("SELECT DISTINCT state FROM exchange")
    plans = connector.rows("SELECT plan FROM document WHERE kind = 'batch_order'")
    bodies = connector.rows(
        "SELECT d.body FROM delivery d JOIN exchange e ON e.id = d.exchange_id"
        " WHERE e.flow = 'orders_to_m3' AND d.body IS NOT NULL"
    )
    assert [row["state"] for row in states] == ["done"]
    assert len(desk.orders()) == 1
    assert not any(trace in json.dumps(plans, ensure_ascii=False) for trace in TRACES)
    assert bodies == []


@pytest.mark.parametrize("carried", [{}, {"status": "on-hold"}])
def test_an_order_that_m3_does_not_have_is_forgotten_when_it_is_emptied(
    connector: Connector, carried: dict[str, str]
) -> None:
    desk = Desk(connector)
    desk.sandbox.m3_rule("CRS610MI", "Add", "nok")
    order = desk.order(**carried)

    empty(desk, order)

    bodies = connector.rows(
        "SELECT convert_from(d.body, 'utf8') AS body FROM delivery d JOIN exchange e ON e.id = d.exchange_id"
        " WHERE e.flow = 'orders_to_m3' AND d.body IS NOT NULL"
    )
    assert not any(trace in json.dumps(bodies, ensure_ascii=False) for trace in TRACES)


def test_an_order_that_was_emptied_before_m3_had_it_makes_no_customer(connector: Connector) -> None:
    desk = Desk(connector)

    desk.order(
        billing={"first_name": "[deleted]", "email": "deleted@site.invalid"},
        meta_data=[{"key": "_anonymized", "value": "yes"}],
    )

    (held,) = connector.rows("SELECT state, reason FROM exchange")
    assert held["state"] == "dead_letter"
    assert "erased" in held["reason"]
    assert desk.customers() == []


def test_the_vat_number_of_somebody_erased_is_not_written_when_a_person_releases_it(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account(meta_data=[{"key": VAT_KEY, "value": GOOD_VAT}])
    desk.sandbox.m3_rule("CRS610MI", "ChgFinancial", "nok")
    desk.order(account, meta_data=[{"key": VAT_KEY, "value": GOOD_VAT}])
    desk.change(account, action="delete")
    desk.look(account)
    held = connector.rows("SELECT id FROM exchange WHERE flow = 'customers_to_m3' AND state = 'dead_letter'")

    for row in held:
        with transaction(connector.engine) as connection:
            release(connection, row["id"], who="test", why="the cause is gone")
    connector.settle()

    assert len(held) == 1
    assert "VRNO" not in desk.customer()["fields"]
    assert told_of(connector, "%") == "[]"
