"""News of prices and stock costs no look where items_to_woo knows that the shop does not sell the item."""

from __future__ import annotations

import json

import pytest
import yaml
from sqlalchemy import text

from connector.flows.event_intake import EventMessage, take_event
from connector.flows.items_to_woo import FLOW
from connector.ion.rules import load_event_rules
from connector.ledger.item_offers import find_unsold
from connector.ledger.offers import mark_due
from connector.ledger.session import transaction
from tests.harness import ROOT, STORE, Connector
from tests.integration.flows.story import quick_store

SOLD, UNSOLD = "MUG-001", "PAN-28"
PARTS = {"items": {"select": [{"field": "ITNO", "in": [SOLD]}]}, "prices": {"price_list": "WEB", "currency": "EUR"}}


def _publish(connector: Connector, **parts: object) -> None:
    connector.configure(yaml.safe_dump({**yaml.safe_load(quick_store(guests="common")), "publish": parts}))


def _carry_items(connector: Connector) -> None:
    with transaction(connector.engine) as connection:
        mark_due(connection, STORE, flow=FLOW, item_numbers=[SOLD, UNSOLD])
    connector.settle()


def _balance_changed(connector: Connector, item: str) -> str:
    body = json.dumps({"table": "MITBAL", "record": {"MBITNO": item, "MBWHLO": "001"}}).encode()
    rules = load_event_rules(ROOT / "config")
    message = EventMessage(STORE, "MITBAL", body, "0" * 64)
    take_event(connector.engine, message, rules=rules, scope_of=lambda _: "SANDBOX_TST/1")
    (row,) = connector.rows("SELECT note FROM delivery ORDER BY id DESC LIMIT 1")
    return str(row["note"])


def _due(connector: Connector) -> list[str]:
    rows = connector.rows(
        "SELECT item_number FROM offer WHERE flow = 'stock_to_woo' AND wanted_rev > done_rev ORDER BY 1"
    )
    return [row["item_number"] for row in rows]


def test_stock_of_an_item_the_shop_does_not_sell_makes_nothing_due(connector: Connector) -> None:
    _publish(connector, **PARTS, stock={})
    _carry_items(connector)

    said = _balance_changed(connector, UNSOLD)

    assert _due(connector) == []
    assert f"the shop does not sell 1 item ({UNSOLD})" in said


def test_stock_of_an_item_the_shop_sells_is_due(connector: Connector) -> None:
    _publish(connector, **PARTS, stock={})
    _carry_items(connector)

    _balance_changed(connector, SOLD)

    assert _due(connector) == [SOLD]


@pytest.mark.parametrize("is_due", [True, False])
def test_item_nobody_looked_at_yet_may_be_sold(connector: Connector, is_due: bool) -> None:
    _publish(connector, **PARTS, stock={})
    if is_due:
        with transaction(connector.engine) as connection:
            mark_due(connection, STORE, flow=FLOW, item_numbers=[UNSOLD])

    _balance_changed(connector, UNSOLD)

    assert _due(connector) == [UNSOLD]


def test_item_that_begins_to_be_sold_gets_its_stock_although_the_news_of_it_was_left_out(connector: Connector) -> None:
    _publish(connector, **PARTS, stock={})
    _carry_items(connector)
    _balance_changed(connector, UNSOLD)

    _publish(connector, **{**PARTS, "items": {}}, stock={})
    _carry_items(connector)

    (row,) = connector.rows(
        "SELECT written, wanted_rev = done_rev AS done FROM offer WHERE flow = 'stock_to_woo' AND item_number = :item",
        item=UNSOLD,
    )
    assert row["done"] and "quantity" in row["written"]


def test_nothing_is_unsold_once_the_store_does_not_publish_items(connector: Connector) -> None:
    _publish(connector, **PARTS, stock={})
    _carry_items(connector)
    _publish(connector, stock={})
    _carry_items(connector)

    with transaction(connector.engine) as connection:
        assert find_unsold(connection, STORE, item_numbers=[UNSOLD, SOLD]) == set()
        assert connection.execute(text("SELECT count(*) FROM offer WHERE flow = 'items_to_woo'")).scalar_one()
