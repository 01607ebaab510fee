"""Only what a store uses of M3 has to be there."""

from __future__ import annotations

from pathlib import Path

from connector.cli.checks.used_operations import FINANCE, PARTS, used_operations
from connector.m3.operations import load_operations
from connector.stores import StoreConfig
from tests.integration.flows.books.counting_house import PAYMENTS

OPERATIONS = list(load_operations(Path(__file__).parents[3] / "config", {}))


M3 = {"company": 1, "division": "AAA", "facility": "001", "warehouse": "001", "order_type": "W01"}


def keys(**parts: object) -> set[str]:
    config = StoreConfig.model_validate({"m3": M3, **parts})
    return {one.key for one in used_operations(OPERATIONS, config)}


def test_a_store_that_publishes_nothing_needs_what_orders_and_customers_need() -> None:
    needed = keys()

    assert {"order.add_head", "customer.add", "item.basic", "item.unit", "currency.basic"} <= needed
    assert not {key for key in needed if key.startswith((*PARTS, *FINANCE))}


def test_what_a_store_publishes_has_to_be_there() -> None:
    published = {"prices": {"price_list": "WEB", "currency": "EUR"}, "products": {}}

    assert {"price.base", "item.update"} <= keys(publish=published)
    assert "item.list" not in keys(publish=published)
    assert "currency.rate" in keys(rates={"currencies": ["USD"]})


def test_payments_need_the_ledger() -> None:
    assert {"journal.update", "ledger.vouchers"} <= keys(payments=PAYMENTS)


def test_every_part_names_operations_that_exist() -> None:
    assert [begin for begin in (*PARTS, *FINANCE) if not any(one.key.startswith(begin) for one in OPERATIONS)] == []
