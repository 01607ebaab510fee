"""Accounts and orders whose personal data were erased in the shop: M3 keeps, the ledger forgets, nothing comes back."""

from __future__ import annotations

import json

import pytest

from connector.ledger.inbox import Received, record_delivery
from tests.harness import STORE, Connector
from tests.integration.flows.customers.desk import Desk, file_of

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
    connector.settle()

    assert desk.exchange(account)["fingerprint"] == "erased"
    assert told_of(connector, STORE) == "[]"


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
    emptied = {
        **{"first_name": "[deleted]", "last_name": "[deleted]", "address_1": "[deleted]", "city": "[deleted]"},
        **{"postcode": "[deleted]", "country": "", "state": "", "email": "deleted@site.invalid", "phone": "000"},
    }
    url = f"{desk.sandbox.shop_url}/_control/orders/{order['id']}"
    meta = [{"key": "_anonymized", "value": "yes"}]
    desk.sandbox.post(url, {"deliver": "never", "billing": emptied, "shipping": emptied, "meta_data": meta})
    connector.ask(order["id"])
    connector.settle()

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
