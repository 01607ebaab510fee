"""One element of a batch that the shop refuses: it is told with its reason, the others of the batch are written."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from connector.flows.pulls import PULLS
from connector.ledger.offers import mark_due
from connector.ledger.session import transaction
from connector.woocommerce.products import Products
from tests.harness import STORE, Connector
from tests.integration.flows.story import quick_store

GONE, STAYS = "PART-1", "PART-2"
PUBLISHED: dict[str, Any] = {"items": {}, "prices": {"price_list": "WEB", "currency": "EUR"}, "stock": {}}


@pytest.fixture
def world(connector: Connector) -> Connector:
    """A store whose two items are in the shop as M3 has them."""
    file = yaml.safe_load(quick_store())
    file["publish"] = PUBLISHED
    connector.configure(yaml.safe_dump(file))
    m3_says(connector, 1)
    for part in PUBLISHED:
        carry(connector, part)
    return connector


def m3_says(world: Connector, number: int) -> None:
    m3 = f"{world.sandbox.m3_url}/_control"
    both = (GONE, STAYS)
    world.sandbox.post(f"{m3}/items", [{"itno": one, "name": f"Pot {number}"} for one in both])
    rows = [{"prrf": "WEB", "cucd": "EUR", "itno": one, "sapr": str(number)} for one in both]
    world.sandbox.post(f"{m3}/prices", rows)
    world.sandbox.post(f"{m3}/stock", [{"itno": one, "whlo": "001", "on_hand": str(number)} for one in both])


def carry(world: Connector, part: str) -> None:
    with transaction(world.engine) as connection:
        mark_due(connection, STORE, flow=PULLS[part].flow, item_numbers=(GONE, STAYS))
    world.settle()


def row(world: Connector, sku: str) -> dict[str, Any]:
    found: dict[str, Any] = world.process.runtime.store(STORE).shop.products.by_sku([sku])[sku][0]
    return found


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [("items", "name", "Pot 2"), ("prices", "regular_price", "2.00"), ("stock", "stock_quantity", 2)],
)
def test_product_deleted_between_look_and_write_stops_no_other(
    world: Connector, monkeypatch: pytest.MonkeyPatch, part: str, field: str, value: Any
) -> None:
    number = row(world, GONE)["id"]
    write, batches = Products.write_batch, []

    def deleted_first(products: Products, **elements: Any) -> Any:
        if not batches:
            products._transport.write("DELETE", f"products/{number}?force=true")
        batches.append(elements["update"])
        return write(products, **elements)

    monkeypatch.setattr(Products, "write_batch", deleted_first)
    m3_says(world, 2)

    carry(world, part)

    assert len(batches[0]) == 2, "both were in one batch"
    (told,) = world.rows(
        "SELECT problem_code, problem, remedy FROM offer WHERE flow = :flow AND item_number = :item",
        flow=PULLS[part].flow,
        item=GONE,
    )
    assert told["problem_code"] == "unknown_product"
    assert told["problem"] and told["remedy"]
    assert row(world, STAYS)[field] == value
    assert world.rows("SELECT state FROM exchange WHERE flow = :flow", flow=PULLS[part].flow) == [{"state": "done"}]
