"""A site may bind an operation of the connector to another transaction."""

from __future__ import annotations

from tests.harness import Connector, store_file


def test_order_goes_through_a_transaction_the_site_bound_otherwise(connector: Connector) -> None:
    overrides = "\noperations:\n  order.value: {program: OIS100MI, transaction: GetHead}\n"
    config = "\n".join(line for line in store_file().splitlines() if not line.startswith("operations:"))
    connector.configure(config + overrides)
    order = connector.sandbox.place(kind="guest")
    connector.ask(order["id"])

    connector.settle()

    book = connector.sandbox.m3_book()
    assert [one["total"] for one in book["orders"]] == [order["total"]]
    assert book["calls"]["OIS100MI/GetHead"] == 1
    assert "OIS100MI/GetOrderValue" not in book["calls"]
