"""Two orders of one customer with the same purchase order number and the same total: a buyer may use a number twice."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.acceptance.stories.world import World
from tests.harness import ROOT, Connector, Sandbox

OWN_NUMBER = "CUOR: {from: run.order_number_text, required: true}"
BUYERS_NUMBER = 'CUOR: {first_of: ["order.meta_data[_billing_po]", run.order_number_text], required: true}'
BUYER = {"first_name": "Iva", "email": "iva@firma.example", "address_1": "Ilica 1", "city": "Zagreb", "country": "HR"}
LOST = ("OIS100MI/AddBatchHead", "OIS100MI/AddBatchLine", "OIS100MI/Confirm")


@pytest.fixture
def b2b(engine: Engine, valkey_url: str, sandbox: Sandbox, tmp_path: Path) -> Iterator[World]:
    """A shop whose buyers give a number of their own, which becomes M3's CUOR."""
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    mapping = config / "mappings" / "orders_to_m3.yaml"
    text = mapping.read_text(encoding="utf-8")
    assert OWN_NUMBER in text
    mapping.write_text(text.replace(OWN_NUMBER, BUYERS_NUMBER), encoding="utf-8")
    connector = Connector(engine, valkey_url=valkey_url, sandbox=sandbox, home=tmp_path, config=config)
    yield World(connector)
    connector.close()


def buy(world: World) -> dict[str, Any]:
    return world.place(billing=BUYER, meta_data=[{"key": "_billing_po", "value": "PO-77"}])


def purchase_orders(world: World) -> list[tuple[str, str, str]]:
    return [(one["cuor"], one["cuno"], one["total"]) for one in world.orders()]


def test_two_orders_with_one_number_become_two(b2b: World) -> None:
    buy(b2b)
    buy(b2b)
    b2b.rest()

    assert len(purchase_orders(b2b)) == 2
    assert len(set(purchase_orders(b2b))) == 1
    assert purchase_orders(b2b)[0][0] == "PO-77"
    assert b2b.judge().findings == ()


@pytest.mark.parametrize("fault", ["drop_after_commit", "drop_before_commit"])
@pytest.mark.parametrize("transaction", LOST)
def test_answer_lost_between_them_loses_and_doubles_none(b2b: World, transaction: str, fault: str) -> None:
    buy(b2b)
    b2b.rest()
    b2b.m3_fault(transaction, fault)
    buy(b2b)

    b2b.rest()

    assert len(purchase_orders(b2b)) == 2
    assert b2b.judge().findings == ()


def test_second_one_seen_late_is_not_taken_for_the_first(b2b: World) -> None:
    buy(b2b)
    b2b.rest()
    second = b2b.sandbox.place(
        billing=BUYER,
        lines=[{"sku": "MUG-001", "quantity": 3}, {"sku": "MUG-002", "quantity": 1}],
        payment_method="stripe",
        meta_data=[{"key": "_billing_po", "value": "PO-77"}],
    )
    b2b.pass_time(1200)

    b2b.connector.ask(second["id"])
    b2b.rest()

    assert len(set(purchase_orders(b2b))) == 1
    assert len(purchase_orders(b2b)) == 2
    assert b2b.judge().findings == ()
