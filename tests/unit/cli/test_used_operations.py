"""Only what a store uses of M3 has to be there."""

from __future__ import annotations

from pathlib import Path

from connector.cli.checks.used_operations import PARTS, used_operations
from connector.m3.operations import load_operations
from connector.publishing.parts import Publishing

OPERATIONS = list(load_operations(Path(__file__).parents[3] / "config", {}))


def keys(publishing: Publishing) -> set[str]:
    return {one.key for one in used_operations(OPERATIONS, publishing)}


def test_a_store_that_publishes_nothing_needs_what_orders_and_customers_need() -> None:
    needed = keys(Publishing())

    assert {"order.add_head", "customer.add", "item.basic", "item.unit", "currency.basic"} <= needed
    assert not {key for key in needed if key.startswith(tuple(PARTS))}


def test_what_a_store_publishes_has_to_be_there() -> None:
    publishing = Publishing.model_validate({"prices": {"price_list": "WEB", "currency": "EUR"}, "products": {}})

    assert {"price.base", "item.update"} <= keys(publishing)
    assert "item.list" not in keys(publishing)


def test_every_part_names_operations_that_exist() -> None:
    assert [begin for begin in PARTS if not any(one.key.startswith(begin) for one in OPERATIONS)] == []
