"""A message of M3 about an order the shop already knows the number of: one look at the shop, and no write."""

from __future__ import annotations

from io import BytesIO
from unittest.mock import patch

import pytest

from connector.errors import WooRejectedError
from connector.flows.event_intake import BodMessage, take_bod
from connector.ion.ims import Parameters
from connector.ion.payload import open_payload
from connector.ion.rules import load_event_rules
from connector.woocommerce.client import WooClient
from tests.harness import ROOT, STORE, Connector, Sandbox
from tests.integration.flows.story import quick_store

SAMPLE = (ROOT / "tests" / "fixtures" / "ion" / "02-sync-salesorder-shipped.xml").read_bytes()


@pytest.fixture
def posted(connector: Connector, sandbox: Sandbox) -> dict[str, str]:
    """An order that is in M3 and whose number the shop knows."""
    connector.configure(quick_store())
    order = sandbox.place(kind="guest")
    connector.ask(order["id"])
    connector.settle()
    (bound,) = connector.rows("SELECT shop_key, m3_key FROM binding WHERE kind = 'order'")
    return bound


def tell(connector: Connector, number: str) -> None:
    store = connector.process.runtime.store(STORE)
    payload = open_payload(BytesIO(SAMPLE.replace(b"0010004567", number.encode())))
    message = BodMessage(STORE, "", Parameters({}), payload)
    rules = load_event_rules(ROOT / "config")
    assert take_bod(connector.engine, message, rules=rules, scope_of=lambda _: store.m3_scope).messages
    payload.close()


def writes(connector: Connector) -> list[str]:
    rows = connector.rows("SELECT action FROM audit WHERE system = 'shop' ORDER BY id")
    return [row["action"] for row in rows]


def test_news_of_an_order_the_shop_knows_the_number_of_writes_nothing(
    connector: Connector, posted: dict[str, str]
) -> None:
    before = writes(connector)

    tell(connector, posted["m3_key"])
    connector.settle()

    assert before == ["PUT order meta", "POST order note"]
    assert writes(connector) == before
    (row,) = connector.rows("SELECT state, reason FROM exchange WHERE flow = 'order_status_to_woo'")
    assert (row["state"], row["reason"]) == ("done", f"the shop knows {posted['m3_key']}; open in M3 (22/22)")


def test_a_number_that_vanished_from_the_shop_is_written_again(
    connector: Connector, sandbox: Sandbox, posted: dict[str, str]
) -> None:
    shop = connector.process.runtime.store(STORE).shop
    shop.put_order(int(posted["shop_key"]), {"meta_data": [{"key": "_m3_order_number", "value": ""}]})

    tell(connector, posted["m3_key"])
    connector.settle()

    assert writes(connector) == ["PUT order meta", "POST order note", "PUT order meta"]
    assert connector.notes(int(posted["shop_key"])) == [f"M3 order {posted['m3_key']}"]


def test_not_found_of_something_else_than_the_shop_is_told_and_nothing_is_given_up(
    connector: Connector, posted: dict[str, str]
) -> None:
    foreign = WooRejectedError("not found", status=404, remote_code="firewall_no_entry", resolution="look")
    tell(connector, posted["m3_key"])

    with patch.object(WooClient, "get_order", side_effect=foreign):
        connector.drain()

    (row,) = connector.rows("SELECT state, reason_code FROM exchange WHERE flow = 'order_status_to_woo'")
    assert row["state"] == "dead_letter"
