"""What a person settled stays settled, and what waits is waited for in the right way."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import text

from connector.ledger.people import discard
from connector.ledger.session import transaction
from tests.harness import STORE, Connector, store_file
from workers import dead_letters


def posted(connector: Connector) -> dict[str, Any]:
    connector.configure(store_file().replace("changes: apply", "changes: person"))
    order = connector.sandbox.place(kind="guest")
    connector.ask(order["id"])
    connector.settle()
    return order


def change(connector: Connector, order: dict[str, Any], **changes: Any) -> None:
    url = f"{connector.sandbox.shop_url}/_control/orders/{order['id']}"
    connector.sandbox.post(url, {"deliver": "never", **changes})
    connector.poll()
    connector.drain()


def exchange(connector: Connector) -> dict[str, Any]:
    return connector.rows("SELECT * FROM exchange WHERE flow = 'orders_to_m3'")[0]


def give_up(connector: Connector, exchange_id: int) -> None:
    with transaction(connector.engine) as connection:
        discard(connection, exchange_id, who="test", why="corrected in OIS300")


def test_discarded_change_does_not_come_back_with_the_next_status(connector: Connector) -> None:
    order = posted(connector)
    change(connector, order, customer_note="Ring twice")
    assert exchange(connector)["state"] == "dead_letter"
    give_up(connector, exchange(connector)["id"])
    reads = connector.sandbox.m3_book()["calls"]["OIS100MI/GetOrderValue"]

    change(connector, order, status="completed")

    assert (exchange(connector)["state"], exchange(connector)["reason_code"]) == ("done", "")
    assert connector.sandbox.m3_book()["calls"]["OIS100MI/GetOrderValue"] == reads


def test_change_after_a_discard_waits_for_a_person_again(connector: Connector) -> None:
    order = posted(connector)
    change(connector, order, customer_note="Ring twice")
    give_up(connector, exchange(connector)["id"])

    change(connector, order, customer_note="Ring three times")

    assert exchange(connector)["state"] == "dead_letter"


def test_cancelled_order_that_a_person_closed_stays_settled(connector: Connector) -> None:
    order = posted(connector)
    change(connector, order, status="cancelled")
    assert exchange(connector)["state"] == "dead_letter"
    give_up(connector, exchange(connector)["id"])

    connector.ask(order["id"])
    connector.drain()

    assert exchange(connector)["state"] == "done"


def test_discarded_order_that_was_only_asked_for_by_id_stays_discarded_until_it_differs(connector: Connector) -> None:
    order = connector.sandbox.place(kind="unknown_sku")
    (exchange_id,) = connector.ask(order["id"])
    connector.drain()
    assert connector.exchange(exchange_id)["state"] == "dead_letter"
    give_up(connector, exchange_id)

    assert connector.poll() == []
    same = connector.exchange(exchange_id)["state"]
    change(connector, order, customer_note="Ring twice")

    assert same == "done"
    assert connector.exchange(exchange_id)["state"] == "dead_letter"


def test_discarded_change_that_no_delivery_told_of_stays_discarded(connector: Connector) -> None:
    order = posted(connector)
    url = f"{connector.sandbox.shop_url}/_control/orders/{order['id']}"
    connector.sandbox.post(url, {"deliver": "never", "customer_note": "Ring twice"})
    connector.ask(order["id"])
    connector.drain()
    assert exchange(connector)["state"] == "dead_letter"
    give_up(connector, exchange(connector)["id"])

    change(connector, order, status="completed")

    assert exchange(connector)["state"] == "done"


def test_what_was_read_from_the_shop_is_believed_before_an_older_delivery(connector: Connector) -> None:
    order = connector.sandbox.place(kind="guest")
    connector.poll()
    connector.settle()
    connector.sandbox.post(
        f"{connector.sandbox.shop_url}/_control/orders/{order['id']}", {"action": "trash", "deliver": "never"}
    )
    connector.ask(order["id"])
    connector.settle()
    (held,) = connector.sandbox.m3_book()["orders"]
    assert held["lines"] == []

    connector.rows("UPDATE exchange SET state = 'ready' WHERE flow = 'orders_to_m3' RETURNING 1")  # as the hunt does
    connector.settle()

    (held,) = connector.sandbox.m3_book()["orders"]
    assert held["lines"] == []


def test_nul_in_a_note_stops_nothing(connector: Connector) -> None:
    order = connector.sandbox.place(kind="guest", customer_note="Leave at\x00the door")
    connector.ask(order["id"])

    connector.settle()

    assert exchange(connector)["reason"].startswith("posted as")


def test_open_breaker_uses_no_deadline_up(connector: Connector) -> None:
    order = connector.sandbox.place(kind="guest")
    (exchange_id,) = connector.ask(order["id"])
    connector.sandbox.m3_faults(http_503=1.0)
    for _ in range(12):
        connector.drain()
        connector.pass_time(700)
    waited = exchange(connector)
    connector.pass_time(30 * 3600)
    connector.sandbox.m3_faults()

    connector.settle()

    assert waited["state"] != "dead_letter"
    assert exchange(connector)["reason"].startswith("posted as")
    assert exchange_id == exchange(connector)["id"]


def test_shopper_of_a_paused_store_is_carried_by_the_store_that_asks_now(connector: Connector) -> None:
    connector.configure(store_file(guests="per_email"))
    connector.configure(store_file(guests="per_email"), name="w2")
    order = connector.sandbox.place(kind="guest")
    (first,) = connector.ask(order["id"])
    connector.run(first)  # leaves the customer's exchange, which nobody runs before its store is paused
    (customer,) = connector.rows("SELECT id FROM exchange WHERE flow = 'customers_to_m3'")
    with transaction(connector.engine) as connection:
        connection.execute(text("UPDATE store SET paused_by = 'person' WHERE name = :name"), {"name": STORE})

    (second,) = connector.ask(order["id"], store="w2")
    for exchange_id in (second, customer["id"], second):
        connector.run(exchange_id)

    customers = connector.rows("SELECT store, state FROM exchange WHERE flow = 'customers_to_m3'")
    assert customers == [{"store": "w2", "state": "done"}]
    assert connector.exchange(second)["state"] == "done"


def test_template_m3_does_not_know_is_looked_for_again(connector: Connector) -> None:
    connector.configure(store_file(guests="per_email", template="NOTHERE"))
    order = connector.sandbox.place(kind="guest")
    connector.ask(order["id"])

    connector.drain()

    (customer,) = connector.rows("SELECT * FROM exchange WHERE flow = 'customers_to_m3'")
    assert (customer["state"], customer["reason_code"]) == ("dead_letter", "needs_person")
    assert customer["recheck_at"] is not None


def test_exchange_that_pauses_its_store_a_second_time_waits_alone(connector: Connector) -> None:
    order = connector.sandbox.place(kind="guest")
    (exchange_id,) = connector.ask(order["id"])
    connector.sandbox.m3_faults(
        rules=[{"program": "OIS100MI", "transaction": "AddBatchHead", "fault": "nok", "code": "XAU0008", "rate": 1.0}]
    )
    connector.run(exchange_id)
    assert connector.rows("SELECT paused_by FROM store")[0]["paused_by"] == "connector"
    told = dead_letters.alert(connector.process)
    with transaction(connector.engine) as connection:
        connection.execute(text("UPDATE store SET paused_by = NULL"))

    connector.run(exchange_id)

    assert told == "told of 0 and 1 paused stores"
    assert (exchange(connector)["state"], exchange(connector)["reason_code"]) == ("dead_letter", "configuration")
    assert connector.rows("SELECT paused_by FROM store")[0]["paused_by"] is None


def test_alert_on_its_way_holds_no_order(connector: Connector, monkeypatch: pytest.MonkeyPatch) -> None:
    order = connector.sandbox.place(kind="unknown_sku")
    connector.ask(order["id"])
    connector.drain()
    taken = threading.Event()

    def slow(*_: object) -> bool:
        connector.ask(order["id"])  # the same row is written while the message is on its way
        taken.set()
        return True

    monkeypatch.setattr(dead_letters, "_notify", slow)
    dead_letters.alert(connector.process)

    assert taken.is_set()
